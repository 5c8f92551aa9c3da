"""The background join of outcomes that came before their predictions."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

from meguru.base.ticker import Ticker
from meguru.kernel.principals import system
from meguru.kernel.workspace import Workspace
from meguru.predictions import counts, unmatched_store
from meguru.predictions.types import OutcomesRecorded
from meguru.predictions.unmatched import join

REST_FACTOR = 20
"""The pause is so many times as long as a look took, 5 % of a core at most: with a million outcomes that
wait, a look takes a second."""


class OutcomeJoiner(Ticker):
    """Joins what waits; of endpoints that answered nothing since, and got no outcome, it asks nothing."""

    name = "joining outcomes"
    least = 1.0

    def __init__(self, ws: Workspace) -> None:
        self.ws = ws.with_(principal=system("outcomes"))
        self._last_state: dict[str, tuple[int, int]] = {}

    def tick(self) -> None:
        """Look once."""
        began, joining = time.monotonic(), 0.0
        with self.ws.read() as tx:
            now = {
                name: (newest, counts.totals(tx, name).predictions)
                for name, newest in unmatched_store.endpoints(tx).items()
            }
        for endpoint, state in now.items():
            if self._last_state.get(endpoint) != state:
                joining += join_all(partial(join, self.ws, endpoint=endpoint))
                self._last_state[endpoint] = state
        # What was joined is done with: only what a look for nothing costs is a reason to look less often.
        self.pause = max(self.least, REST_FACTOR * (time.monotonic() - began - joining))


def join_all(join_some: Callable[[], OutcomesRecorded]) -> float:
    """Join page after page until one changes nothing; return the seconds that the others took."""
    began = last = time.monotonic()
    # A page of outcomes that can't be taken joins none, and there may be others behind it: those were marked,
    # and are not on the next page.
    while (done := join_some()).count or done.waiting:
        last = time.monotonic()
    return last - began
