"""No two rows share their values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec

from meguru.datasets.expectations.base import CheckedRows, ExpectationOptions, Verdict
from meguru.errors import InvalidInput

if TYPE_CHECKING:
    import polars as pl

_MAX_COLUMNS = 100
_COPIES = "rows"


class UniqueValues(ExpectationOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``{check = "unique", columns = ["id", "day"]}``: the values of these, taken together, do not repeat."""

    key: ClassVar[str] = "unique"

    columns: list[str] = msgspec.field(default_factory=list)
    column: str = ""

    def check(self) -> None:
        """Refuse options that make no sense."""
        self.check_judged()
        if not 0 < len(self.names()) <= _MAX_COLUMNS:
            raise InvalidInput("name the columns that do not repeat", field="columns")

    def names(self) -> list[str]:
        """Return the columns."""
        return list(dict.fromkeys([*self.columns, *([self.column] if self.column else [])]))

    def says(self) -> str:
        """Return what is expected, in words."""
        return f"no two rows have the same ({', '.join(self.names())})"

    def measures(self, rows: CheckedRows) -> Mapping[str, pl.Expr]:
        """Count the distinct values."""
        return {"distinct": self._values(rows).n_unique()}

    def _values(self, rows: CheckedRows) -> pl.Expr:
        import polars as pl

        names = self.names()
        for name in names:
            rows.dtype(name)
        return pl.col(names[0]) if len(names) == 1 else pl.struct(names)

    def verdict(self, seen: Mapping[str, Any], rows: CheckedRows) -> Verdict:
        """Count the rows that are one too many."""
        del rows
        copies = int(seen["rows"]) - int(seen["distinct"])
        said = f"{copies:,} rows repeat the values of ({', '.join(self.names())})"
        return Verdict(copies, said, self.tolerates(copies, seen["rows"]))

    def failing(self, rows: CheckedRows) -> pl.LazyFrame | None:
        """Return values that several rows have, and how many."""
        import polars as pl

        return rows.scan.group_by(self.names()).len(_COPIES).filter(pl.col(_COPIES) > 1)
