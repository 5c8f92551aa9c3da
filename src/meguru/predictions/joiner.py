"""The server's look for outcomes whose predictions have come."""

from __future__ import annotations

import time

from meguru.base.ticker import Ticker
from meguru.kernel.principals import system
from meguru.kernel.workspace import Workspace
from meguru.predictions import counts, waiting_store
from meguru.predictions.waiting import join

LEISURE = 20
"""It rests so many times as long as a look took: with a million that wait, a look takes a second."""


class OutcomeJoiner(Ticker):
    """Joins what waits; of endpoints that answered nothing since, and got no outcome, it asks nothing."""

    name = "joining outcomes"
    least = 1.0

    def __init__(self, ws: Workspace) -> None:
        self.ws = ws.with_(principal=system("outcomes"))
        self._seen: dict[str, tuple[int, int]] = {}

    def tick(self) -> None:
        """Look once."""
        began = time.monotonic()
        with self.ws.read() as tx:
            now = {
                name: (newest, counts.totals(tx, name).predictions)
                for name, newest in waiting_store.endpoints(tx).items()
            }
        for endpoint, state in now.items():
            if self._seen.get(endpoint) != state:
                while join(self.ws, endpoint=endpoint).count:
                    pass
                self._seen[endpoint] = state
        self.pause = max(self.least, LEISURE * (time.monotonic() - began))
