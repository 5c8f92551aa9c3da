"""The tables that are compared: read a column at a time, so that they need not fit into memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meguru.errors import InvalidInput

if TYPE_CHECKING:
    import polars as pl

MAX_ROWS = 5_000_000
"""Of more rows every second, third … is compared."""


class TableSide:
    """One of two tables: a frame, or a scan of a file of any size."""

    def __init__(self, name: str, rows: pl.DataFrame | pl.LazyFrame) -> None:
        import polars as pl

        lazy = rows.lazy()
        self.name = name
        self.schema = lazy.collect_schema()
        if not self.schema:
            raise InvalidInput(f"{name} has no columns to compare", field="files")
        self.height = int(lazy.select(pl.len()).collect(engine="streaming").item())
        if not self.height:
            raise InvalidInput(f"{name} has no rows to compare", field="files")
        self.every = -(-self.height // MAX_ROWS)
        self._rows = lazy

    def column(self, name: str) -> pl.Series:
        """Return a column; of a very long one the rows that are compared."""
        return self._kept(self._rows.select(name))[name]

    def sample(self, rows: int) -> pl.DataFrame:
        """Return at most so many rows, evenly spread."""
        return self._kept(self._rows, -(-self.height // rows))

    def _kept(self, rows: pl.LazyFrame, every: int = 1) -> pl.DataFrame:
        every = max(every, self.every)
        return (rows.gather_every(every) if every > 1 else rows).collect(engine="streaming")
