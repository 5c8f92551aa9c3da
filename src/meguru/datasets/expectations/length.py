"""Texts have so many characters."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from meguru.datasets.expectations.base import CheckedRows, RowExpectation, no_value
from meguru.errors import InvalidInput

if TYPE_CHECKING:
    import polars as pl


class TextLength(RowExpectation, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``{check = "length", column = "name", min = 1, max = 200}``: characters of a text, items of a list."""

    key: ClassVar[str] = "length"

    min: int = 0
    max: int | None = None

    def check(self) -> None:
        """Refuse lengths that nothing has."""
        self.check_column()
        if self.min < 0 or (self.max is not None and self.max < self.min):
            raise InvalidInput("nothing has such a length", field="min", why=f"from {self.min} to {self.max}")
        if not self.min and self.max is None:
            raise InvalidInput("a length has a min, a max or both", field="min")

    def says(self) -> str:
        """Return what is expected, in words."""
        if self.max is None:
            return f"{self.column} has at least {self.min} characters"
        return f"{self.column} has {self.min} to {self.max} characters"

    def wrong(self, rows: CheckedRows) -> pl.Expr:
        """Return where it is shorter or longer."""
        import polars as pl

        dtype, value = rows.dtype(self.column), pl.col(self.column)
        if isinstance(dtype, pl.List):
            size = value.list.len()
        elif isinstance(dtype, pl.String | pl.Categorical | pl.Enum):
            size = value.cast(pl.String).str.len_chars()
        else:
            raise no_value(self, dtype, "text")
        if self.max is None:
            return size < self.min
        return ~size.is_between(self.min, self.max)
