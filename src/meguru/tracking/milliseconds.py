"""Milliseconds since 1970 (in which searches and other protocols count time), to and from the stored text."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache

from meguru.errors import InvalidInput

MAX_MILLIS = 253_402_300_799_999
"""The last millisecond of the year 9999."""
MIN_MILLIS = -62_135_596_800_000
"""The first millisecond of the year 1."""
_START = datetime(1970, 1, 1, tzinfo=UTC)


@lru_cache(maxsize=4096)
def _second(number: int) -> str:
    return (_START + timedelta(seconds=number)).isoformat()[:19]


def stored(ms: int) -> str:
    """Return the text under which a moment is stored."""
    seconds, rest = divmod(ms, 1000)
    return f"{_second(seconds)}.{rest:03d}000Z"


def moment(ms: int) -> datetime:
    """Return the moment; refuse one that is not in the calendar. Before 1970 the number is negative."""
    if not MIN_MILLIS <= ms <= MAX_MILLIS:
        raise InvalidInput(
            f"{ms} is no moment", why=f"milliseconds since 1970 go from {MIN_MILLIS} to {MAX_MILLIS}"
        )
    return _START + timedelta(milliseconds=ms)


def millis(at: datetime) -> int:
    """Return a moment's number."""
    return (at - _START) // timedelta(milliseconds=1)


def millis_of(text: str) -> int:
    """Return the number of a stored moment."""
    return millis(datetime.fromisoformat(text))
