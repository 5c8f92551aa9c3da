"""What a window of event time is called."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo

DAY = timedelta(days=1)
FARTHEST_ZONE = timedelta(hours=14)


def span_name(start: datetime, end: datetime, zone: tzinfo = UTC) -> str:
    """Name a window shortly: its month or its day, in whatever zone it is one; else its start in `zone`."""
    begins = start.astimezone(zone)
    start, end = start.astimezone(UTC), end.astimezone(UTC)
    middle = start + (end - start) / 2
    if _near_first(start) and _near_first(end) and 27 * DAY < end - start < 32 * DAY:
        return f"{middle:%Y-%m}"
    if timedelta(hours=23) <= end - start <= timedelta(hours=25) and start.minute == 0:
        return f"{middle:%m-%d}"
    if start.time() == end.time() == datetime.min.time():
        return f"{start:%m-%d}…{end - DAY:%m-%d}"
    return f"{begins:%m-%d %H:%M}"


def span_title(start: datetime, end: datetime, zone: tzinfo = UTC) -> str:
    """Write a window in full, in the reader's zone."""
    start, end = start.astimezone(zone), end.astimezone(zone)
    return f"{start:%Y-%m-%d %H:%M} – {end:%Y-%m-%d %H:%M %Z}"


def _near_first(at: datetime) -> bool:
    """Tell whether it is the first midnight of a month somewhere on Earth."""
    later = at + FARTHEST_ZONE
    first = later.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return abs(at - first) <= FARTHEST_ZONE
