"""What a window of event time is called."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

DAY = timedelta(days=1)
FARTHEST_ZONE = timedelta(hours=14)


def span_name(start: datetime, end: datetime) -> str:
    """Name a window shortly: its month or its day, in whatever zone it is one; else its start in UTC."""
    start, end = start.astimezone(UTC), end.astimezone(UTC)
    middle = start + (end - start) / 2
    if _near_first(start) and _near_first(end) and 27 * DAY < end - start < 32 * DAY:
        return f"{middle:%Y-%m}"
    if timedelta(hours=23) <= end - start <= timedelta(hours=25) and start.minute == 0:
        return f"{middle:%m-%d}"
    if start.time() == end.time() == datetime.min.time():
        return f"{start:%m-%d}…{end - DAY:%m-%d}"
    return f"{start:%m-%d %H:%M}"


def span_title(start: datetime, end: datetime) -> str:
    """Write a window in full."""
    return f"{start.astimezone(UTC):%Y-%m-%d %H:%M} – {end.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _near_first(at: datetime) -> bool:
    """Tell whether it is the first midnight of a month somewhere on Earth."""
    later = at + FARTHEST_ZONE
    first = later.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return abs(at - first) <= FARTHEST_ZONE
