"""The server's look for runs whose process went silent, and for what dead processes left."""

from __future__ import annotations

import logging
import threading
from datetime import timedelta

from meguru.artifacts.uploads.sweep import sweep as sweep_uploads
from meguru.pipelines import leftovers
from meguru.runtime.principals import system
from meguru.runtime.workspace import Workspace
from meguru.tracking import alive

log = logging.getLogger(__name__)
SWEEP_SECONDS = 15.0
UPLOADS_SECONDS = 600.0
"""Uploads in parts that were left are looked for less often: in an object store a look is a request."""
GRACE_SECONDS = 60.0
"""Who could not reach a server that was away, or was asleep with it, may beat before anybody is swept."""


class Sweeper:
    """Sweeps silent runs until it is stopped."""

    def __init__(self, ws: Workspace) -> None:
        self.ws = ws.with_(principal=system("sweeper"))
        self._looked = ws.clock.now() - timedelta(days=1)

    def run(self, stop: threading.Event) -> None:
        """Sweep every 15 s, but not in the first minute after a start or after the machine slept."""
        clock, rest = self.ws.clock, GRACE_SECONDS
        since = clock.now()
        while not stop.wait(rest):
            slept = (clock.now() - since).total_seconds() > rest + SWEEP_SECONDS
            rest = GRACE_SECONDS if slept else SWEEP_SECONDS
            try:
                if not slept:
                    alive.sweep(self.ws)
                leftovers.sweep(self.ws)
                self._sweep_uploads()
            except Exception:
                log.exception("silent runs could not be swept; trying again")
            since = clock.now()

    def _sweep_uploads(self) -> None:
        now = self.ws.clock.now()
        if (now - self._looked).total_seconds() >= UPLOADS_SECONDS:
            sweep_uploads(self.ws)
            self._looked = now
