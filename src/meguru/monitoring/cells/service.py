"""The service that counts: what is recorded is added to cells within a second or two."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from meguru.base.late import importing
from meguru.base.outages import Outage
from meguru.base.ticker import Ticker
from meguru.kernel.principals import system
from meguru.kernel.workspace import Workspace
from meguru.monitoring.cells.backlog import backlog

if TYPE_CHECKING:
    from meguru.monitoring.cells.rules import ModelBins

log = logging.getLogger(__name__)
IDLE_SECONDS, PACE_SECONDS = 2.0, 0.02


class CellCounter(Ticker):
    """Counts what is not counted, in portions, so that nobody waits for it long.

    Each server has one; which of them counts a portion is decided by its commit.
    """

    name = "counting predictions"
    pause = IDLE_SECONDS

    def __init__(self, ws: Workspace) -> None:
        self.ws = ws.with_(principal=system("monitors"))
        self._stop = threading.Event()
        self._known: dict[str, ModelBins] = {}
        self._outages: dict[str, Outage] = {}

    def run(self, stop: threading.Event) -> None:
        """Count until `stop` is set, also amid a long backlog."""
        self._stop = stop
        super().run(stop)

    def tick(self) -> None:
        """Count all that there is."""
        with self.ws.read() as tx:
            endpoints, unwatched = backlog(tx)
        for endpoint in unwatched:
            with importing:
                from meguru.monitoring.cells.count import drop_backlog
            drop_backlog(self.ws, endpoint)
        while endpoints:  # in turns: nobody waits for another one's backlog
            endpoints = [each for each in endpoints if not self._stop.is_set() and self._count(each)]
            self._stop.wait(PACE_SECONDS)

    def _count(self, endpoint: str) -> bool:
        """Count a portion of one endpoint; that it fails keeps no other from being counted."""
        with importing:
            from meguru.monitoring.cells.count import count
        more: list[bool] = []
        outage = self._outages.setdefault(endpoint, Outage(log))
        self._try(lambda: more.append(count(self.ws, endpoint, self._known)), outage)
        return any(more)
