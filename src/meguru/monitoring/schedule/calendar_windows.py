"""Windows of the calendar in a time zone: they follow each other without a gap, whatever the clock does."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

from meguru.monitoring.schedule.rules import WindowRule, zone_of

_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


class TimeSpan(NamedTuple):
    """``[start, end)``, in UTC."""

    start: datetime
    end: datetime


@lru_cache(maxsize=20_000)
def containing(rule: WindowRule, moment: datetime) -> TimeSpan:
    """Return the window of a calendar rule that a moment lies in."""
    if rule.calendar == "hour":
        return _hour(rule, moment)
    # By date and not by adding 24 hours: days of a zone with daylight saving have 23 or 25.
    day = _first_day(rule, moment.astimezone(zone_of(rule.zone)).date())
    start, end = _begin(rule, day), _begin(rule, _next_day(rule, day))
    # Where a clock goes back over midnight, a day's name comes again after its end.
    while end <= moment:
        day = _next_day(rule, day)
        start, end = end, _begin(rule, _next_day(rule, day))
    while start > moment:
        day = _first_day(rule, day - _DAY)
        start, end = _begin(rule, day), start
    return TimeSpan(start, end)


def back(rule: WindowRule, moment: datetime, count: int) -> datetime:
    """Return the start of the window that lies `count` windows before the one a moment is in."""
    start = containing(rule, moment).start
    for _ in range(count):
        start = containing(rule, start - timedelta(microseconds=1)).start
    return start


def count_between(rule: WindowRule, start: datetime, end: datetime) -> int:
    """Return how many windows lie between two of their boundaries."""
    if rule.calendar == "hour":
        return (end - start) // _HOUR
    first, last = (each.astimezone(zone_of(rule.zone)).date() for each in (start, end))
    if rule.calendar == "month":
        return (last.year - first.year) * 12 + last.month - first.month
    return (last - first).days // (7 if rule.calendar == "week" else 1)


def following(rule: WindowRule, since: datetime) -> Iterator[TimeSpan]:
    """Yield the windows from the one that `since` lies in on, for ever."""
    while True:
        span = containing(rule, since)
        yield span
        since = span.end


def _hour(rule: WindowRule, moment: datetime) -> TimeSpan:
    # Counted from one moment on: a clock that is moved by half an hour would else make half windows.
    offset = _EPOCH.astimezone(zone_of(rule.zone)).utcoffset() or timedelta(0)
    start = moment - (moment + offset - _EPOCH) % _HOUR
    return TimeSpan(start, start + _HOUR)


def _first_day(rule: WindowRule, day: date) -> date:
    if rule.calendar == "month":
        return day.replace(day=1)
    return day - timedelta(days=day.weekday()) if rule.calendar == "week" else day


def _next_day(rule: WindowRule, day: date) -> date:
    if rule.calendar == "month":
        return (day.replace(day=1) + timedelta(days=32)).replace(day=1)
    return day + timedelta(days=7 if rule.calendar == "week" else 1)


def _begin(rule: WindowRule, day: date) -> datetime:
    """Return the moment at which a day begins: at the end of the gap where its midnight is skipped."""
    return datetime(day.year, day.month, day.day, tzinfo=zone_of(rule.zone)).astimezone(UTC)
