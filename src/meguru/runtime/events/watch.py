"""One look at the log for all threads of a process that wait for it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

POLL_SECONDS = 0.1
PACE_SECONDS = 0.02
"""A log that grows faster is told of in strides: whoever writes needs the time more than they who read."""


class Watch:
    """Lets threads wait until the log is longer: one of them looks for all, the others sleep.

    Safe for many threads. `committed` is notified at each commit of this process.
    """

    def __init__(self) -> None:
        self.committed = threading.Condition()
        self._changed = threading.Condition()
        self._commits = 0
        self._head = 0
        self._told = 0.0
        self._looking = False
        self._closed = False

    def notify(self) -> None:
        """Have the looking thread look at once."""
        with self.committed:
            self._commits += 1
            self.committed.notify_all()

    def close(self) -> None:
        """End all waits, now and from now on."""
        self._closed = True
        self.notify()
        with self._changed:
            self._changed.notify_all()

    def wait(self, look: Callable[[], int], *, after: int, timeout: float) -> int:
        """Return the log's head as soon as it is beyond `after`, or as it is when the time is over."""
        end = time.monotonic() + timeout
        head = look() if timeout <= 0 else self._head
        while head <= after and time.monotonic() < end and not self._closed:
            with self._changed:
                if self._head <= after and self._looking:
                    self._changed.wait(end - time.monotonic())
                head = max(head, self._head)
                if head > after or self._looking or self._closed:
                    continue
                self._looking = True
            try:
                head = self._look_for_all(look, after, end)
            finally:
                with self._changed:
                    self._looking = False
                    self._changed.notify_all()
        if self._closed and head <= after:
            # Whoever waits in a loop must not spin until it is told to stop.
            time.sleep(max(0.0, min(POLL_SECONDS, end - time.monotonic())))
        return head

    def _look_for_all(self, look: Callable[[], int], after: int, end: float) -> int:
        while True:
            commits = self._commits
            head = look()
            if head > self._head and (early := self._told + PACE_SECONDS - time.monotonic()) > 0:
                time.sleep(early)
                head = look()
            with self._changed:
                if head > self._head:
                    self._head, self._told = head, time.monotonic()
                    self._changed.notify_all()
            left = end - time.monotonic()
            if head > after or left <= 0 or self._closed:
                return head
            with self.committed:
                if commits == self._commits:
                    self.committed.wait(min(POLL_SECONDS, left))
