"""Flush request counts to the database every few seconds, and roll old minutes up into hours."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import timedelta

from meguru.base.ticker import Ticker
from meguru.kernel.workspace import Workspace
from meguru.serving.traffic import store
from meguru.serving.traffic.log import RequestLog

FOLDED_AFTER = timedelta(days=2)
FOLD_SECONDS = 600.0


class TrafficReporter(Ticker):
    """Keeps the minutes of this process, and makes hours of old ones.

    A process that is killed loses what it counted since the last time: five seconds at most.

    Parameters
    ----------
    ws
        The workspace whose endpoints they are.
    server
        What this process is called.
    logs
        Gives the requests by endpoint.
    """

    name = "counting requests"
    pause = 5.0

    def __init__(self, ws: Workspace, server: str, logs: Callable[[], Mapping[str, RequestLog]]) -> None:
        self._ws, self._server, self._logs = ws, server, logs
        self._folds_at = time.monotonic() + FOLD_SECONDS

    def tick(self) -> None:
        """Write what changed; what can't be written now is written next time."""
        counted = {name: minutes for name, log in self._logs().items() if (minutes := log.count())}
        if counted:
            with self._ws.db.write() as tx:
                for name, minutes in sorted(counted.items()):
                    store.put(tx, name, self._server, minutes)
            logs = self._logs()
            for name, minutes in counted.items():
                if name in logs:
                    logs[name].mark_saved(minutes)
        if time.monotonic() >= self._folds_at:
            self._fold()

    def last(self) -> None:
        """Write the rest."""
        self.tick()

    def _fold(self) -> None:
        now = self._ws.clock.now()
        before = (now - FOLDED_AFTER).replace(minute=0, second=0, microsecond=0)
        with self._ws.db.write() as tx:
            more = store.fold(tx, before)
        self._folds_at = time.monotonic() + (0.0 if more else FOLD_SECONDS)
