"""A server's look for runs whose process went silent."""

from __future__ import annotations

from meguru.base.ticker import Ticker
from meguru.kernel.principals import system
from meguru.kernel.workspace import Workspace
from meguru.tracking import heartbeat

SWEEP_SECONDS = 15.0
GRACE_SECONDS = 60.0
"""Who could not reach a server that was away, or was asleep with it, may beat before anybody is swept."""


class ExpiredLeases(Ticker):
    """Ends silent runs every 15 s, but not in the first minute after a start or after the machine slept."""

    name = "ending of silent runs"
    pause = GRACE_SECONDS

    def __init__(self, ws: Workspace) -> None:
        self.ws = ws.with_(principal=system("sweeper"))
        self._since = ws.clock.now()

    def tick(self) -> None:
        """Look once."""
        rested = (self.ws.clock.now() - self._since).total_seconds()
        slept = rested > self.pause + SWEEP_SECONDS
        self.pause = GRACE_SECONDS if slept else SWEEP_SECONDS
        try:
            if not slept:
                heartbeat.sweep(self.ws)
        finally:
            self._since = self.ws.clock.now()
