"""Texts have a form."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar

from meguru.datasets.expectations.base import CheckedRows, RowExpectation, no_value
from meguru.errors import InvalidInput

if TYPE_CHECKING:
    import polars as pl

_MAX_LENGTH = 1000
_PREFIX = re.compile(r"\^([\w /:@,;=-]+)")
"""A pattern that only says how a text begins."""


class Pattern(RowExpectation, frozen=True, kw_only=True, forbid_unknown_fields=True):
    r"""``{check = "pattern", column = "zip", pattern = '^\d{5}$'}``: it is found in each text.

    ``^`` and ``$`` tie it to the ends. Looking ahead or back is not possible, so that no pattern takes long.
    """

    key: ClassVar[str] = "pattern"

    pattern: str

    def check(self) -> None:
        """Refuse a pattern that is none."""
        import polars as pl

        self.check_column()
        if not 0 < len(self.pattern) <= _MAX_LENGTH:
            raise InvalidInput("write the pattern", field="pattern", why=f"up to {_MAX_LENGTH:,} characters")
        try:
            pl.Series([""]).str.contains(self.pattern)
        except pl.exceptions.PolarsError as error:
            why = str(error).strip().splitlines()[-1][:200]
            raise InvalidInput("that is no pattern", field="pattern", why=why) from None

    def says(self) -> str:
        """Return what is expected, in words."""
        return f"{self.column} has the form {self.pattern}"

    def wrong(self, rows: CheckedRows) -> pl.Expr:
        """Return where the pattern is not found."""
        import polars as pl

        if not isinstance(dtype := rows.dtype(self.column), pl.String | pl.Categorical | pl.Enum):
            raise no_value(self, dtype, "text")
        value = pl.col(self.column).cast(pl.String)
        if plain := _PREFIX.fullmatch(self.pattern):
            return ~value.str.starts_with(plain[1])
        return ~value.str.contains(self.pattern)
