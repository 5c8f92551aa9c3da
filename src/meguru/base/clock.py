"""Where the time comes from, so that a test can move it by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Tells the time, always aware and in UTC."""

    def now(self) -> datetime:
        """Return the present moment."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the present moment."""
        return datetime.now(UTC)


class FixedClock:
    """A clock that stands still until it is moved."""

    def __init__(self, at: datetime) -> None:
        self._at = at.astimezone(UTC)

    def now(self) -> datetime:
        """Return the moment the clock was last set to."""
        return self._at

    def move(self, by: timedelta) -> None:
        """Let `by` pass."""
        self._at += by

    def set(self, at: datetime) -> None:
        """Set it to a moment, back too."""
        self._at = at.astimezone(UTC)
