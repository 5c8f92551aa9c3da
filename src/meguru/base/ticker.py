"""Work that is done again and again until it is stopped."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from meguru.base.outages import Outage

log = logging.getLogger(__name__)


class Ticker:
    """A thread's work at intervals; a failure is logged once until it is over, and does not end it.

    Subclasses say what is done (`tick`), when first (`pause`), and what is done once at the end (`last`).
    """

    name = "ticker"
    pause = 1.0
    """Seconds to the next tick; a subclass may change it in `tick`."""

    def run(self, stop: threading.Event) -> None:
        """Tick until `stop` is set."""
        outage = Outage(log)
        # The pause is read each time, as a subclass may change it (backoff).
        while not stop.wait(self.pause):
            self._try(self.tick, outage)
        self._try(self.last, outage)

    def tick(self) -> object:
        """Do the work once."""
        raise NotImplementedError

    def last(self) -> object:
        """Do what is left to do when the process stops."""
        return None

    def _try(self, work: Callable[[], object], outage: Outage) -> None:
        try:
            work()
        except Exception as error:  # noqa: BLE001 - told by the outage
            outage.failed(error, f"{self.name} failed")
        else:
            outage.worked(f"{self.name} works")
