"""The background join of feedback that came before its prediction."""

from __future__ import annotations

import time
from contextlib import suppress
from functools import partial

from meguru.base.ticker import Ticker
from meguru.errors import NotFound
from meguru.judgements import store
from meguru.judgements.join import join
from meguru.kernel.principals import system
from meguru.kernel.workspace import Workspace
from meguru.predictions import counts
from meguru.predictions.joiner import REST_FACTOR, join_all


class FeedbackJoiner(Ticker):
    """Joins what waits; of endpoints that answered nothing since, and got no feedback, it asks nothing."""

    name = "joining feedback"
    least = 2.0

    def __init__(self, ws: Workspace) -> None:
        self.ws = ws.with_(principal=system("feedback"))
        self._last_state: dict[str, tuple[str, int]] = {}

    def tick(self) -> None:
        """Look once."""
        began, joining = time.monotonic(), 0.0
        with self.ws.read() as tx:
            now = {
                name: (newest, counts.totals(tx, name).predictions)
                for name, newest in store.waiting_endpoints(tx).items()
            }
        for endpoint, state in now.items():
            if self._last_state.get(endpoint) != state:
                with suppress(NotFound):  # it was retired
                    joining += join_all(partial(join, self.ws, endpoint=endpoint))
                self._last_state[endpoint] = state
        self.pause = max(self.least, REST_FACTOR * (time.monotonic() - began - joining))
