"""An expression is true of each row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from meguru.base.expressions import read
from meguru.datasets.expectations.base import CheckedRows, ExpectationOptions, Verdict
from meguru.datasets.row_expressions import column_names, compile_rows
from meguru.errors import InvalidInput

if TYPE_CHECKING:
    import polars as pl


class RowExpression(ExpectationOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``{check = "expression", where = "arrival >= departure and price > 0"}``: true of each row.

    Written in the one language of expressions; where it has no value, as for missing ones, nothing is judged.
    """

    key: ClassVar[str] = "expression"

    where: str

    def check(self) -> None:
        """Refuse what is no expression."""
        self.check_judged()
        try:
            read(self.where)
        except InvalidInput as error:
            raise InvalidInput(error.what, why=error.why, hint=error.hint, field="where") from None

    def names(self) -> list[str]:
        """Return the names in it."""
        return column_names(self.where)

    def says(self) -> str:
        """Return what is expected, in words."""
        return self.about or f"each row has {self.where}"

    def wrong(self, rows: CheckedRows) -> pl.Expr:
        """Return where it is false."""
        return ~compile_rows(self.where, rows.schema)

    def measures(self, rows: CheckedRows) -> Mapping[str, pl.Expr]:
        """Count the rows of which it is false."""
        return {"failing": self.wrong(rows).sum()}

    def verdict(self, seen: Mapping[str, Any], rows: CheckedRows) -> Verdict:
        """Compare how many rows fail with how many may."""
        del rows
        count = int(seen["failing"] or 0)
        return Verdict(count, f"{count:,} rows do not hold it", self.tolerates(count, seen["rows"]))

    def failing(self, rows: CheckedRows) -> pl.LazyFrame | None:
        """Return the rows of which it is false."""
        return rows.scan.filter(self.wrong(rows))
