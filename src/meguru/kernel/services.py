"""What a server does beside answering: followers of the log, and other threads."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from meguru.base.outages import Outage
from meguru.kernel import events
from meguru.kernel.kinds.kind import Kind, load
from meguru.kernel.principals import system

if TYPE_CHECKING:
    from meguru.kernel.workspace import Workspace

log = logging.getLogger(__name__)
JOIN_SECONDS = 5.0
RETRY_SECONDS = 1.0
"""How long after a failure it is tried again."""


class Runnable(Protocol):
    """What a service's factory returns."""

    def run(self, stop: threading.Event) -> None:
        """Work until `stop` is set; `ws.notify()` ends a wait for events at once."""
        ...


class Follower:
    """Does what follows from events, as they happen; several servers may run one each.

    Subclasses say what is done (`step`), which types of events concern them (`wakes`), and when something is
    due that no event tells of (`rest`). A failure is logged once until it is over, and tried again. What was
    done must be decided in the database: a step may run again, elsewhere, at any time.
    """

    name = "follower"
    """Who it acts as: ``system/NAME`` in the log."""
    idle = 30.0
    """Seconds after which it looks, though no event woke it, and nothing is due."""
    pace = 0.0
    """Seconds from one step to the next at least: a log that grows fast is followed in strides."""

    def __init__(self, ws: Workspace) -> None:
        self.ws = ws.with_(principal=system(self.name))

    def step(self) -> object:
        """Do everything that there is to do by now."""
        raise NotImplementedError

    def wakes(self, type: str) -> bool:
        """Tell whether an event of this type may give it something to do."""
        raise NotImplementedError

    def rest(self) -> float:
        """Return the seconds after which to look again at the latest."""
        return self.idle

    def until(self, moments: Iterable[datetime], *, soonest: float) -> float:
        """Return the seconds to the first of some moments, `soonest` for one that is over; `idle` at most."""
        now = self.ws.clock.now()
        return max(soonest, min([self.idle, *((each - now).total_seconds() for each in moments)]))

    def run(self, stop: threading.Event) -> None:
        """Follow the log until `stop` is set; then `ws.notify()` ends the wait at once."""
        outage = Outage(log)
        while not stop.is_set():
            try:
                # The head is read first: what comes while the step runs wakes it again.
                with self.ws.read() as tx:
                    seen = events.head(tx)
                self.step()
                outage.worked(f"{self.name} follows the log")
                if self.pace:
                    stop.wait(self.pace)
                events.wait(self.ws, after=seen, timeout=self.rest(), wakes=self.wakes, stop=stop)
            except Exception as error:  # noqa: BLE001 - told by the outage
                outage.failed(error, f"{self.name} could not follow the log")
                stop.wait(RETRY_SECONDS)


class Services:
    """The threads of a server's services."""

    def __init__(self, ws: Workspace, kinds: Iterable[Kind]) -> None:
        self._ws, self._stop = ws, threading.Event()
        found: list[tuple[str, Runnable]] = [
            (service.name, load(service.factory)(ws)) for kind in kinds for service in kind.services
        ]
        self._threads = [
            threading.Thread(target=work.run, args=(self._stop,), name=name, daemon=True)
            for name, work in found
        ]

    def start(self) -> None:
        """Start all threads."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End all threads; one that does not end in time is left as a kill would leave it."""
        self._stop.set()
        # Followers wait for the log: this has them see that `stop` is set.
        self._ws.notify()
        for thread in self._threads:
            if thread.is_alive():
                thread.join(timeout=JOIN_SECONDS)
