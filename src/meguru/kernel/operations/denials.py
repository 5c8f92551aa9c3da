"""How often refused requests are written down: who has no right must not be able to fill the log."""

from __future__ import annotations

import threading
from collections import OrderedDict
from datetime import datetime, timedelta

MAX_EVENTS, WINDOW = 30, timedelta(minutes=1)
"""Rate limit: so many refusals of one principal in a window are events of their own; the rest is counted."""
_MAX_PRINCIPALS = 1000


class DenialLimit:
    """Decides which refusals of a principal become events, and counts those that do not.

    For many threads. What is counted and never told is lost with the process; each server counts for itself.
    """

    def __init__(self, most: int = MAX_EVENTS, window: timedelta = WINDOW) -> None:
        self._most, self._window = most, window
        self._lock = threading.Lock()
        self._known: OrderedDict[str, tuple[datetime, int]] = OrderedDict()

    def admit(self, principal: str, at: datetime) -> int | None:
        """Return how many refusals this event also stands for; None if it is not to be written down."""
        with self._lock:
            start, count = self._known.pop(principal, (at, 0))
            unsaid = max(0, count - self._most)
            if not start <= at < start + self._window:  # a clock may go back
                start, count = at, 0
            elif count < self._most:
                unsaid = 0
            self._known[principal] = start, count + 1
            while len(self._known) > _MAX_PRINCIPALS:
                self._known.popitem(last=False)
            return unsaid if count < self._most else None
