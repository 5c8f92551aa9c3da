"""Values are among those that are allowed."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from meguru.datasets.expectations.base import CheckedRows, RowExpectation, no_value
from meguru.errors import InvalidInput

if TYPE_CHECKING:
    import polars as pl

_MAX_VALUES = 10_000
_SHOWN = 8


class Allowed(RowExpectation, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``{check = "allowed", column = "status", values = ["open", "paid"]}``; nulls are not judged."""

    key: ClassVar[str] = "allowed"

    values: list[str | int | float | bool]

    def check(self) -> None:
        """Refuse an empty set, or one of several types."""
        self.check_column()
        if not 0 < len(self.values) <= _MAX_VALUES:
            raise InvalidInput(
                "name the values that are allowed", field="values", why=f"up to {_MAX_VALUES:,}"
            )
        kinds = {_kind(each) for each in self.values}
        if len(kinds) > 1:
            raise InvalidInput(
                "all values have one type", field="values", why=f"they are {', '.join(sorted(kinds))}"
            )

    def says(self) -> str:
        """Return what is expected, in words."""
        shown = ", ".join(str(each) for each in self.values[:_SHOWN])
        return f"{self.column} is one of {shown}" + (", …" if len(self.values) > _SHOWN else "")

    def wrong(self, rows: CheckedRows) -> pl.Expr:
        """Return where the value is none of them."""
        import polars as pl

        dtype = rows.dtype(self.column)
        kind = _kind(self.values[0])
        fits = {
            "text": dtype in (pl.String, pl.Categorical, pl.Enum),
            "numbers": dtype.is_numeric(),
            "booleans": dtype == pl.Boolean,
        }
        if not fits[kind]:
            raise no_value(self, dtype, kind)
        value = pl.col(self.column)
        known = pl.Series(self.values, dtype=pl.String if kind == "text" else None)
        return ~(value.cast(pl.String) if kind == "text" and dtype != pl.String else value).is_in(
            known.implode()
        )


def _kind(value: object) -> str:
    if isinstance(value, bool):
        return "booleans"
    return "text" if isinstance(value, str) else "numbers"
