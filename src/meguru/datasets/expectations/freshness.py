"""The newest row is new."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING, Any, ClassVar

from meguru.base import durations
from meguru.datasets.expectations.base import CheckedRows, ExpectationOptions, Verdict
from meguru.errors import InvalidInput

if TYPE_CHECKING:
    import polars as pl


class Freshness(ExpectationOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``{check = "freshness", within = "26h"}``: the newest time of the event is no older, when it is judged.

    `column` is the dataset's event time unless it is said. Times without a zone are UTC; a day lasts until
    it is over.
    """

    key: ClassVar[str] = "freshness"

    within: str
    column: str = ""

    def check(self) -> None:
        """Refuse a length of time that is none."""
        self.check_judged()
        durations.seconds(self.within, field="within")

    def names(self) -> list[str]:
        """Return the column, if it is said."""
        return [self.column] if self.column else []

    def says(self) -> str:
        """Return what is expected, in words."""
        return f"the newest {self.column or 'event'} is at most {self.within} old"

    def measures(self, rows: CheckedRows) -> Mapping[str, pl.Expr]:
        """Find the newest time."""
        import polars as pl

        column = self.column or rows.event_time
        if not column:
            raise InvalidInput(
                "no column says when a row happened", hint="say it: column = …", field="column"
            )
        if not isinstance(dtype := rows.dtype(column), pl.Date | pl.Datetime):
            raise InvalidInput(f"{column} holds {dtype}, not times", field="column")
        return {"newest": pl.col(column).max()}

    def verdict(self, seen: Mapping[str, Any], rows: CheckedRows) -> Verdict:
        """Compare the newest time with now."""
        newest = _moment(seen["newest"])
        if newest is None:
            return Verdict(0, "no row has a time", passed=False)
        age = (rows.now - newest).total_seconds()
        limit = durations.seconds(self.within, field="within") or 0.0
        said = f"the newest is of {newest:%Y-%m-%d %H:%M} UTC, {max(age, 0) / 3600:.1f} hours old"
        return Verdict(0, said, passed=age <= limit)

    def failing(self, rows: CheckedRows) -> pl.LazyFrame | None:
        """It is about all rows together."""
        del rows
        return None


def _moment(value: datetime | date | None) -> datetime | None:
    if value is None:
        return None
    if not isinstance(value, datetime):
        return datetime.combine(value, time.max, UTC)
    return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
