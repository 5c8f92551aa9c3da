"""Business days: Monday to Friday, but for holidays, which are given by date or by the name of a country."""

from __future__ import annotations

import calendar
from collections.abc import Container
from datetime import date, timedelta
from functools import lru_cache

from meguru.errors import InvalidInput, MissingDependency, near_misses

MAX_HOLIDAYS = 2000
MAX_NTH = 23
_SATURDAY = 5


class BusinessDays:
    """Which days are business days, and which of its month each is."""

    def __init__(self, holidays: tuple[str, ...]) -> None:
        self._dates = frozenset(date.fromisoformat(holiday) for holiday in holidays if _is_date(holiday))
        self._countries = [_country(holiday) for holiday in holidays if not _is_date(holiday)]

    def __contains__(self, day: object) -> bool:
        """Tell whether a day is a business day."""
        if not isinstance(day, date) or day.weekday() >= _SATURDAY or day in self._dates:
            return False
        return not any(day in country for country in self._countries)

    def is_nth(self, day: date, nth: int) -> bool:
        """Tell whether a day is the nth business day of its month; -1 is the last."""
        if day not in self:
            return False
        if nth > 0:
            first, last = day.replace(day=1), day
        else:
            first, last = day, day.replace(day=calendar.monthrange(day.year, day.month)[1])
        days = (first + timedelta(days=each) for each in range((last - first).days + 1))
        return sum(each in self for each in days) == abs(nth)


@lru_cache(maxsize=256)
def business_days(holidays: tuple[str, ...]) -> BusinessDays:
    """Return the business days of some holidays: dates such as ``2026-12-31``, countries such as ``JP``.

    Raises
    ------
    InvalidInput
        If one is neither, or they are too many.
    MissingDependency
        If a country is named, and the library that knows its holidays is not installed.
    """
    if len(holidays) > MAX_HOLIDAYS:
        raise InvalidInput(f"there are at most {MAX_HOLIDAYS:,} holidays", field="on.holidays")
    return BusinessDays(holidays)


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _country(text: str) -> Container[date]:
    """Return the holidays of a country, or of a part of it (``DE-BY``); they are worked out year by year."""
    country, _, part = text.partition("-")
    try:
        import holidays as library
    except ImportError as error:
        raise MissingDependency.of("calendar", "holidays") from error
    known = library.list_supported_countries()
    if country not in known:
        close = near_misses(country.upper(), known)
        raise InvalidInput(
            f"{text[:40]!r} is neither a date nor a country",
            field="on.holidays",
            hint=f"did you mean {close[0]!r}?" if close else "write 2026-12-31, or JP",
        )
    if part and part not in known[country]:
        listed = ", ".join(known[country][:12])
        raise InvalidInput(
            f"{country} has no part {part[:40]!r}", field="on.holidays", hint=f"there are {listed}"
        )
    found: Container[date] = library.country_holidays(country, subdiv=part or None)
    return found
