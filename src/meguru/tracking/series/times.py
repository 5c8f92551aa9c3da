"""Moments as points have them: microseconds since 1970."""

from datetime import UTC, datetime, timedelta

from meguru.base.timestamps import read_time, write_time

_START = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def micros(at: datetime) -> int:
    """Return a moment as microseconds since 1970.

    Raises
    ------
    InvalidInput
        If it has no time zone, or leaves the calendar.
    """
    if at.tzinfo is not UTC:
        at = read_time(write_time(at))
    return (at - _START) // _MICROSECOND


def moment(at: int) -> datetime:
    """Return the moment of so many microseconds since 1970."""
    return _START + at * _MICROSECOND
