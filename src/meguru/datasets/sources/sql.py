"""A table, or what a query answers, of a database."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from meguru.datasets.sources.base import Fetched, Progress
from meguru.errors import InvalidInput, UsageError, masked, near_misses

if TYPE_CHECKING:
    import polars as pl
    from sqlalchemy import Connection

BATCH = 100_000
_KNOWN = (bool, int, float, str, bytes, datetime, date, time, timedelta, list)


class SqlRows:
    """``sqlite:///shop.db#orders``, ``postgresql://user@host/db#orders``, or a query instead of the table.

    Rows are read in one transaction that writes nothing, into a Parquet file; equal rows give equal bytes.
    """

    def __init__(self, address: str, query: str = "") -> None:
        # urldefrag would take slashes from sqlite:////a/path.
        self.address, _, table = address.partition("#")
        self.table, self.query = unquote(table), query
        if bool(self.table) == bool(query):
            what = "a table or a query is read, not both" if query else "which table is to be read?"
            hint = f"{masked(self.address)}#TABLE, or --query 'SELECT …'"
            raise UsageError(what, hint=hint, field="files")

    def fetch(self, folder: Path, progress: Progress) -> list[Fetched]:
        """Bring the rows; a column holds one type, or it is refused."""
        from meguru.storage.db.external import connected

        with connected(self.address) as connection:
            frame = self._read(connection, progress)
        if not frame.height:
            raise self._refused("it has no rows")
        name = f"{self.table.rpartition('.')[2] or 'query'}.parquet"
        frame.write_parquet(folder / name, compression="zstd")
        return [Fetched(path=name, file=folder / name)]

    def _read(self, connection: Connection, progress: Progress) -> pl.DataFrame:
        import polars as pl

        from meguru.storage.db.external import select

        found = select(connection, self.query or self._whole_table(connection))
        names = list(found.keys())
        if len(set(names)) < len(names):
            hint = "name them with AS"
            raise InvalidInput("two columns of the answer have one name", hint=hint, field="query")
        kinds: dict[str, set[type]] = {name: set() for name in names}
        parts: list[pl.DataFrame] = []
        for rows in found.partitions(BATCH):
            columns = {
                name: [_plain(value) for value in values]
                for name, values in zip(names, zip(*rows, strict=True), strict=True)
            }
            for name, values in columns.items():
                self._check_one_type(name, kinds[name], values)
            parts.append(pl.DataFrame(columns, strict=True))
            progress(sum(part.height for part in parts), self.table or "query")
        return pl.concat(parts, how="vertical_relaxed") if parts else pl.DataFrame(schema=names)

    def _whole_table(self, connection: Connection) -> str:
        from meguru.storage.db.external import tables

        known = tables(connection)
        if self.table not in known:
            close = near_misses(self.table, known)
            hint = f"did you mean {close[0]!r}?" if close else f"there are {', '.join(known[:12])}"
            raise InvalidInput(f"there is no table {self.table[:200]!r}", hint=hint, field="files")
        quote = connection.dialect.identifier_preparer.quote
        return f"SELECT * FROM {'.'.join(map(quote, self.table.split('.')))}"  # noqa: S608 - it is one of its tables

    def _check_one_type(self, name: str, known: set[type], values: Iterable[Any]) -> None:
        known |= {type(value) for value in values} - {type(None)}
        if len(known) > 1 and known != {int, float}:
            shown = " and ".join(sorted(each.__name__ for each in known))
            raise self._refused(
                f"column {name!r} holds values of more than one type: {shown}",
                "make it one in the query: CAST(x AS TEXT)",
            )

    def _refused(self, why: str, hint: str = "") -> InvalidInput:
        return InvalidInput(f"{masked(self.address)} can't be read", why=why, field="files", hint=hint)


def _plain(value: Any) -> Any:
    """Return a value as a column can hold it: an exact fraction as a number, what no column knows as text."""
    if value is None or isinstance(value, _KNOWN):
        return value
    return float(value) if isinstance(value, Decimal) else str(value)
