"""The server's look for runs whose process went silent, and for what dead processes left."""

from __future__ import annotations

from datetime import timedelta

from meguru.artifacts.uploads.expiry import sweep as sweep_uploads
from meguru.base.ticker import Ticker
from meguru.kernel.principals import system
from meguru.kernel.workspace import Workspace
from meguru.pipelines import cleanup
from meguru.tracking import heartbeat

SWEEP_SECONDS = 15.0
UPLOADS_SECONDS = 600.0
"""Uploads in parts that were left are looked for less often: in an object store a look is a request."""
GRACE_SECONDS = 60.0
"""Who could not reach a server that was away, or was asleep with it, may beat before anybody is swept."""


class Sweeper(Ticker):
    """Sweeps silent runs every 15 s, but not in the first minute after a start or after the machine slept."""

    name = "sweeping"
    pause = GRACE_SECONDS

    def __init__(self, ws: Workspace) -> None:
        self.ws = ws.with_(principal=system("sweeper"))
        self._looked = ws.clock.now() - timedelta(days=1)
        self._since = ws.clock.now()

    def tick(self) -> None:
        """Look once."""
        rested = (self.ws.clock.now() - self._since).total_seconds()
        slept = rested > self.pause + SWEEP_SECONDS
        self.pause = GRACE_SECONDS if slept else SWEEP_SECONDS
        try:
            if not slept:
                heartbeat.sweep(self.ws)
            cleanup.sweep(self.ws)
            self._sweep_uploads()
        finally:
            self._since = self.ws.clock.now()

    def _sweep_uploads(self) -> None:
        now = self.ws.clock.now()
        if (now - self._looked).total_seconds() >= UPLOADS_SECONDS:
            sweep_uploads(self.ws)
            self._looked = now
