"""So many rows are there."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from meguru.datasets.expectations.base import CheckedRows, ExpectationOptions, Verdict
from meguru.errors import InvalidInput

if TYPE_CHECKING:
    import polars as pl


class Volume(ExpectationOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``{check = "volume", min = 1000, max_drop = 0.3}``: rows, also beside those of the version before.

    `max_drop` and `max_growth` are shares of the rows of the version before; the first version has none.
    """

    key: ClassVar[str] = "volume"

    min: int = 0
    max: int | None = None
    max_drop: float | None = None
    max_growth: float | None = None

    def check(self) -> None:
        """Refuse bounds that nothing can be within."""
        self.check_judged()
        if self.min < 0 or (self.max is not None and self.max < self.min):
            raise InvalidInput("there can't be so many rows", field="min", why=f"{self.min} to {self.max}")
        for name, share in (("max_drop", self.max_drop), ("max_growth", self.max_growth)):
            if share is not None and not (math.isfinite(share) and share >= 0):
                raise InvalidInput("a share of rows is 0 or more", field=name, why=f"it is {share}")
        if not self.min and self.max is self.max_drop is self.max_growth is None:
            raise InvalidInput("say min, max, max_drop or max_growth", field="min")

    def names(self) -> list[str]:
        """Return none: it is about rows."""
        return []

    def says(self) -> str:
        """Return what is expected, in words."""
        parts = [f"at least {self.min:,} rows"] if self.min else []
        parts += [f"at most {self.max:,} rows"] if self.max is not None else []
        parts += [f"at most {self.max_drop:.0%} fewer than before"] if self.max_drop is not None else []
        parts += [f"at most {self.max_growth:.0%} more than before"] if self.max_growth is not None else []
        return "there are " + ", ".join(parts)

    def measures(self, rows: CheckedRows) -> Mapping[str, pl.Expr]:
        """Return nothing beside the number of rows, which is always measured."""
        del rows
        return {}

    def verdict(self, seen: Mapping[str, Any], rows: CheckedRows) -> Verdict:
        """Compare the rows with what is wanted, and with those of the version before."""
        count, before = int(seen["rows"]), rows.rows_before
        wrong = []
        if count < self.min:
            wrong.append(f"row_count is {count}, at least {self.min} wanted")
        if self.max is not None and count > self.max:
            wrong.append(f"row_count is {count}, at most {self.max} wanted")
        if before and self.max_drop is not None and count < before * (1 - self.max_drop):
            wrong.append(f"row_count fell by {1 - count / before:.1%}, from {before} to {count}")
        if before and self.max_growth is not None and count > before * (1 + self.max_growth):
            wrong.append(f"row_count rose by {count / before - 1:.1%}, from {before} to {count}")
        return Verdict(0, "; ".join(wrong) or f"row_count is {count}", not wrong)

    def failing(self, rows: CheckedRows) -> pl.LazyFrame | None:
        """It is about all rows together."""
        del rows
        return None
