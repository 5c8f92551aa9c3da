"""Values lie between two others."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, ClassVar

from meguru.datasets.expectations.base import CheckedRows, RowExpectation, no_value
from meguru.errors import InvalidInput

if TYPE_CHECKING:
    import polars as pl

Bound = int | float | str


class WithinRange(RowExpectation, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``{check = "range", column = "price", min = 0, max = 1000}``; also of times: ``min = "2020-01-01"``.

    Both ends belong to it. Missing values are not judged; NaN is in no range.
    """

    key: ClassVar[str] = "range"

    min: Bound | None = None
    max: Bound | None = None

    def check(self) -> None:
        """Refuse a range without an end, or with none between its ends."""
        self.check_column()
        ends = [each for each in (self.min, self.max) if each is not None]
        if not ends:
            raise InvalidInput("a range has a min, a max or both", field="min")
        for end in ends:
            if (isinstance(end, float) and not math.isfinite(end)) or isinstance(end, bool):
                raise InvalidInput("an end of a range is a number or a time", field="min", why=f"it is {end}")
            if isinstance(end, str):
                _time(end)
        numbers = all(isinstance(each, int | float) for each in ends)
        kinds = [_time(each) if isinstance(each, str) else each for each in ends] if not numbers else ends
        if len(kinds) > 1 and _after(kinds[0], kinds[1]):
            raise InvalidInput("nothing is in this range", field="max", why=f"{self.max} is below {self.min}")

    def says(self) -> str:
        """Return what is expected, in words."""
        if self.max is None:
            return f"{self.column} is at least {self.min}"
        if self.min is None:
            return f"{self.column} is at most {self.max}"
        return f"{self.column} is from {self.min} to {self.max}"

    def wrong(self, rows: CheckedRows) -> pl.Expr:
        """Return where the value is outside."""
        import polars as pl

        dtype = rows.dtype(self.column)
        low, high = _as(self.min, dtype, self), _as(self.max, dtype, self)
        value: pl.Expr = pl.col(self.column)
        if low is not None and high is not None:
            return ~value.is_between(low, high)
        if high is not None:
            outside: pl.Expr = value > high  # NaN is above every number
            return outside
        below: pl.Expr = value < low
        return below | value.is_nan() if dtype.is_float() else below


def _after(low: Any, high: Any) -> bool:
    try:
        return bool(low > high)
    except TypeError:
        return False


def _time(text: str) -> datetime | date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        pass
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        hint = "write a number, or a time as 2020-01-31 or 2020-01-31T12:00:00+00:00"
        raise InvalidInput(
            "an end of a range is a number or a time", field="min", why=text[:80], hint=hint
        ) from None


def _as(end: Bound | None, dtype: pl.DataType, of: WithinRange) -> Any:
    """Return an end as a column of this type is compared with it."""
    import polars as pl

    if end is None:
        return None
    if not isinstance(end, str):
        if not dtype.is_numeric():
            raise no_value(of, dtype, "numbers")
        return end
    time = _time(end)
    if isinstance(dtype, pl.Date):
        return time.date() if isinstance(time, datetime) else time
    if not isinstance(dtype, pl.Datetime):
        raise no_value(of, dtype, "times")
    moment = time if isinstance(time, datetime) else datetime(time.year, time.month, time.day)  # noqa: DTZ001 - below
    if dtype.time_zone is None:
        return moment.replace(tzinfo=None)
    known = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return pl.lit(known.astimezone(UTC)).dt.convert_time_zone(dtype.time_zone)
