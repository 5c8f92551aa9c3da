"""Values exist in another dataset."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec

from meguru.base.library_errors import reason
from meguru.base.names import check_full_name
from meguru.datasets.expectations.base import CheckedRows, ExpectationOptions, Verdict
from meguru.errors import InvalidInput

if TYPE_CHECKING:
    import polars as pl

_MAX_COLUMNS = 20


class Reference(ExpectationOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``{check = "reference", column = "carrier", dataset = "carriers", to = "code"}``.

    Each value (of several columns: each combination) is there in the newest version of another dataset, in
    the columns `to`, or in those of the same name. Missing values are not judged.
    """

    key: ClassVar[str] = "reference"

    dataset: str
    column: str = ""
    columns: list[str] = msgspec.field(default_factory=list)
    to: str | list[str] = msgspec.field(default_factory=list)

    def check(self) -> None:
        """Refuse options that make no sense."""
        self.check_judged()
        check_full_name("dataset", self.dataset)
        if not 0 < len(self.names()) <= _MAX_COLUMNS:
            raise InvalidInput("name the columns", field="columns")
        if len(self._to()) != len(self.names()):
            raise InvalidInput("as many columns there as here", field="to")

    def names(self) -> list[str]:
        """Return the columns."""
        return list(dict.fromkeys([*([self.column] if self.column else []), *self.columns]))

    def _to(self) -> list[str]:
        return ([self.to] if isinstance(self.to, str) else list(self.to)) or self.names()

    def says(self) -> str:
        """Return what is expected, in words."""
        return f"({', '.join(self.names())}) is in dataset/{self.dataset} ({', '.join(self._to())})"

    def wrong(self, rows: CheckedRows) -> pl.Expr:
        """Return where the values are not there."""
        import polars as pl

        here = self.names()
        kinds = {name: rows.dtype(name) for name in here}
        if rows.values is None:
            raise InvalidInput("other datasets can't be read here", field="dataset")
        found = rows.values(self.dataset, self._to())
        try:
            known = found.rename(dict(zip(self._to(), here, strict=True))).cast(dict(kinds))  # type: ignore[arg-type]
        except pl.exceptions.PolarsError as error:
            why = reason(error)
            raise InvalidInput(f"the values of dataset/{self.dataset} are of another type", why=why) from None
        if len(here) == 1:
            return ~pl.col(here[0]).is_in(known[here[0]].implode())
        # A struct with a null is equal to none; rows with missing values are not judged.
        together = pl.struct(here).is_in(known.to_struct().implode())
        return ~together & pl.all_horizontal(pl.col(name).is_not_null() for name in here)

    def measures(self, rows: CheckedRows) -> Mapping[str, pl.Expr]:
        """Count the rows whose values are not there."""
        return {"failing": self.wrong(rows).sum()}

    def verdict(self, seen: Mapping[str, Any], rows: CheckedRows) -> Verdict:
        """Compare how many rows fail with how many may."""
        del rows
        count = int(seen["failing"] or 0)
        said = f"{count:,} rows have values that dataset/{self.dataset} has not"
        return Verdict(count, said, self.tolerates(count, seen["rows"]))

    def failing(self, rows: CheckedRows) -> pl.LazyFrame | None:
        """Return the rows whose values are not there."""
        return rows.scan.filter(self.wrong(rows))
