"""Type inference: whether the values of a column are dates or times, all in one spelling and offset."""

from __future__ import annotations

import re

import polars as pl

from meguru.datasets.inference import TIMES, ZONED, cast

_FRACTION = r":\d\d\.(\d+)"
_OFFSET = r"(Z|[+-]\d\d:?\d\d)$"
_SIX = 6


class TimestampFinding:
    """What was seen of the values of a column that began with a date or a time."""

    def __init__(self, pattern: str, spelling: str) -> None:
        self.spelling = spelling
        self._pattern, self._alike, self._exist = pattern, True, True
        self._offsets: set[str] = set()
        self._decimals: set[int] = set()

    @classmethod
    def of(cls, first: str) -> TimestampFinding | None:
        """Begin with the first value of a column; None if it is no date or time."""
        found = next(((each, spelling) for each, spelling in TIMES if re.match(each, first)), None)
        return cls(*found) if found else None

    def see(self, values: pl.Series) -> pl.Series | None:
        """Take in more values; return them as times, if they are."""
        if self._alike and not values.str.contains(self._pattern).all():
            self._alike = False
        if not self._alike:
            return None
        has_clock = "%H" in self.spelling
        # All values of a column become UTC; with one offset it can be told again, with several it is lost.
        if self.spelling.endswith(ZONED) and len(self._offsets) < 2:
            self._offsets |= set(values.str.extract(_OFFSET, 1).drop_nulls().unique())
        if has_clock and len(self._decimals) < 3:
            self._see_decimals(values)
        made = cast(values, self._time, decimal=".", spelling=self._exact)
        self._exist = self._exist and made.null_count() == values.null_count()
        return made if self.kind != "String" else None

    def _see_decimals(self, values: pl.Series) -> None:
        if values.str.contains(".", literal=True).any():
            digits = values.str.extract(_FRACTION, 1).str.len_bytes().fill_null(0)
            self._decimals |= set(digits.filter(values.is_not_null()).unique())
        elif values.null_count() < values.len():
            self._decimals.add(0)

    @property
    def _exact(self) -> str:
        # Without decimals a time is read in a fourth of the time.
        return self.spelling.replace("%.f", "") if self._decimals == {0} else self.spelling

    @property
    def _time(self) -> str:
        if "%H" not in self.spelling:
            return "Date"
        return "Datetime[UTC]" if ZONED in self.spelling else "Datetime"

    @property
    def kind(self) -> str:
        """The type that the column has so far."""
        return "String" if self.why else self._time

    @property
    def why(self) -> str:
        """Why values that look like times are text."""
        if not self._alike:
            return "its times are not all written alike"
        if len(self._offsets) > 1:
            return "its times have different offsets from UTC"
        if not (len(self._decimals) <= 1 or self._decimals == {0, _SIX}):
            return "its times have different numbers of decimals"
        return "" if self._exist else "some are dates or times that do not exist"
