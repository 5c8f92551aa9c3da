"""Values are there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from meguru.datasets.expectations.base import CheckedRows, RowExpectation, Verdict

if TYPE_CHECKING:
    import polars as pl


class NoNulls(RowExpectation, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``{check = "nulls", columns = ["id", "price"], tolerance = 0.01}``: no value is missing; NaN is."""

    key: ClassVar[str] = "nulls"

    def check(self) -> None:
        """Refuse options that make no sense."""
        self.check_column()

    def says(self) -> str:
        """Return what is expected, in words."""
        return f"{self.column} has values"

    def wrong(self, rows: CheckedRows) -> pl.Expr:
        """Return where none is."""
        import polars as pl

        value = pl.col(self.column)
        if rows.dtype(self.column).is_float():
            return value.is_null() | value.is_nan()
        return value.is_null()

    def measures(self, rows: CheckedRows) -> Mapping[str, pl.Expr]:
        """Count what is missing; nulls are counted already."""
        import polars as pl

        # Null counts are known of each chunk; only NaN needs a pass over the values.
        value, nulls = pl.col(self.column), pl.col(self.column).null_count()
        if rows.dtype(self.column).is_float():
            return {"failing": nulls + value.is_nan().sum()}
        return {"failing": nulls}

    def verdict(self, seen: Mapping[str, Any], rows: CheckedRows) -> Verdict:
        """Compare the share of missing values with what may be missing."""
        del rows
        count, total = int(seen["failing"] or 0), int(seen["rows"])
        share = 100 * count / total if total else 0.0
        said = f"{self.column} has {share:.2f} % missing values, at most {100 * self.tolerance:g} % allowed"
        return Verdict(count, said, self.tolerates(count, total))
