"""Moments as text that sorts by time."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache

from meguru.errors import InvalidInput


def write_time(moment: datetime) -> str:
    """Spell a moment in UTC with microseconds, so that text order is time order.

    Raises
    ------
    InvalidInput
        If it has no time zone (it would mean another time on another machine), or leaves the calendar.
    """
    if moment.tzinfo is None:
        raise InvalidInput(
            f"{moment.isoformat()} has no time zone", hint="write it like 2026-01-31T12:00:00Z"
        )
    try:
        return _written(moment if moment.tzinfo is UTC else moment.astimezone(UTC))
    except OverflowError as error:
        raise InvalidInput(f"{moment.isoformat()} is beyond the calendar", why=str(error)) from error


# Cached in UTC: of two moments of one zone that differ in `fold` alone (the hour that a clock shows twice)
# Python says that they are equal, though they are an hour apart.
@lru_cache(maxsize=64)  # rows that are written together share their times
def _written(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds")[:26] + "Z"


def check_time_zone(moment: datetime, *, field: str) -> None:
    """Refuse a moment without a time zone.

    Raises
    ------
    InvalidInput
        Naming the field.
    """
    if moment.tzinfo is None:
        hint = f"write {moment.isoformat()}Z for UTC"
        raise InvalidInput(f"{field} has no time zone", hint=hint, field=field)


def read_time(text: str) -> datetime:
    """Read what `write_time` spelled."""
    return datetime.fromisoformat(text)
