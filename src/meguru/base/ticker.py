"""Work that is done again and again until it is stopped."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

log = logging.getLogger(__name__)


class Ticker:
    """A thread's work at intervals; a failure is logged, and does not end it.

    Subclasses say what is done (`tick`), when first (`pause`), and what is done once at the end (`last`).
    """

    name = "ticker"
    pause = 1.0
    """Seconds to the next tick; a subclass may change it in `tick`."""

    def run(self, stop: threading.Event) -> None:
        """Tick until `stop` is set."""
        # The pause is read each time, as a subclass may change it (backoff).
        while not stop.wait(self.pause):
            self._try(self.tick)
        self._try(self.last)

    def tick(self) -> object:
        """Do the work once."""
        raise NotImplementedError

    def last(self) -> object:
        """Do what is left to do when the process stops."""
        return None

    def _try(self, work: Callable[[], object]) -> None:
        try:
            work()
        except Exception:
            log.exception("%s failed; trying again", self.name)
