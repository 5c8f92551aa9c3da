"""Hours of the week in which something is done: ``mon-fri 08:00-20:00 Asia/Tokyo``."""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from meguru.errors import InvalidInput, near_misses

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_TEXT = re.compile(
    r"(?:(?P<days>[a-z,\-]+)\s+)?(?P<start>\d{1,2}:\d{2})\s*-\s*(?P<end>\d{1,2}:\d{2})(?:\s+(?P<zone>\S+))?",
    re.IGNORECASE,
)
_HINT = "write it like 'mon-fri 08:00-20:00 Asia/Tokyo'"


class Hours(NamedTuple):
    """Days of the week (0 is Monday) and the hours on each; a night ends on the next day."""

    days: frozenset[int]
    start: time
    end: time
    zone: ZoneInfo

    def holds(self, moment: datetime) -> bool:
        """Tell whether a moment is within the hours."""
        local = moment.astimezone(self.zone)
        now, today = local.time(), local.weekday()
        if self.start < self.end:
            return today in self.days and self.start <= now < self.end
        began_today = today in self.days and now >= self.start
        return began_today or ((today - 1) % 7 in self.days and now < self.end)

    def next_start(self, moment: datetime) -> datetime:
        """Return when the hours begin next; the moment itself when they hold."""
        if self.holds(moment):
            return moment
        local = moment.astimezone(self.zone)
        # Through this weekday of next week, as today's start may be over.
        for ahead in range(9):
            day = (local + timedelta(days=ahead)).date()
            start = datetime.combine(day, self.start, self.zone)
            if day.weekday() in self.days and start > local:
                return start.astimezone(moment.tzinfo)
        return moment


def read_hours(text: str) -> Hours | None:
    """Return the hours that a text says; None for an empty one: always.

    Raises
    ------
    InvalidInput
        If the days, the hours or the zone are none.
    """
    if not text.strip():
        return None
    match = _TEXT.fullmatch(text.strip())
    if match is None:
        raise InvalidInput(f"{text[:100]!r} are no hours", hint=_HINT, field="hours")
    start, end = _time(match["start"]), _time(match["end"])
    if start == end:
        raise InvalidInput("hours begin and end at different times", hint=_HINT, field="hours")
    return Hours(_days(match["days"] or "mon-sun"), start, end, zone_of(match["zone"] or "UTC"))


def _time(text: str) -> time:
    hour, _, minute = text.partition(":")
    try:
        return time.max if text == "24:00" else time(int(hour), int(minute))
    except ValueError as error:
        raise InvalidInput(f"{text!r} is no time of day", why=str(error), hint=_HINT, field="hours") from None


def _days(text: str) -> frozenset[int]:
    found: set[int] = set()
    for part in text.lower().split(","):
        first, _, last = part.partition("-")
        if first[:3] not in DAYS or (last and last[:3] not in DAYS):
            raise InvalidInput(f"{part[:40]!r} are no days of the week", hint=_HINT, field="hours")
        begin, end = DAYS.index(first[:3]), DAYS.index((last or first)[:3])
        found |= {(begin + n) % 7 for n in range((end - begin) % 7 + 1)}
    return frozenset(found)


def zone_of(name: str, *, field: str = "hours") -> ZoneInfo:
    """Return a time zone; InvalidInput, with names that look like it, if there is none of this name."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        close = near_misses(name, available_timezones())
        raise InvalidInput(
            f"there is no time zone {name[:100]!r}",
            hint=f"did you mean {close[0]!r}?" if close else _HINT,
            field=field,
        ) from None
