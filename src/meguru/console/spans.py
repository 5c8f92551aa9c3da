"""What a window of event time is called."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

DAY = timedelta(days=1)


def span_name(start: datetime, end: datetime) -> str:
    """Name a window shortly: its month, its day, or when it starts; always in UTC, like event times."""
    start, end = start.astimezone(UTC), end.astimezone(UTC)
    midnight = start.time() == end.time() == datetime.min.time()
    if midnight and start.day == end.day == 1 and 27 * DAY < end - start < 32 * DAY:
        return f"{start:%Y-%m}"
    if midnight:
        last = end - DAY
        return f"{start:%m-%d}" if end - start == DAY else f"{start:%m-%d}…{last:%m-%d}"
    return f"{start:%m-%d %H:%M}"


def span_title(start: datetime, end: datetime) -> str:
    """Write a window in full."""
    return f"{start.astimezone(UTC):%Y-%m-%d %H:%M} – {end.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
