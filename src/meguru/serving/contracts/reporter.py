"""Flush the usage of contracts to the database every few seconds."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from meguru.base.ticker import Ticker
from meguru.kernel.workspace import Workspace
from meguru.serving.contracts import consumers
from meguru.serving.contracts.counts import ConsumerCounts


class ConsumerReporter(Ticker):
    """Adds what the endpoints of this process counted to the database's counts.

    Parameters
    ----------
    ws
        The workspace whose endpoints they are.
    counts
        Gives the counts by endpoint.
    """

    name = "counting consumers"
    pause = 5.0

    def __init__(self, ws: Workspace, counts: Callable[[], Mapping[str, ConsumerCounts]]) -> None:
        self._ws, self._counts = ws, counts

    def tick(self) -> None:
        """Write what was counted since the last time; what can't be written now is written next time."""
        for endpoint, counts in self._counts().items():
            seen = counts.drain()
            if not seen:
                continue
            try:
                with self._ws.db.write() as tx:
                    consumers.add(tx, endpoint, seen)
            except BaseException:
                counts.put_back(seen)
                raise

    def last(self) -> None:
        """Write the rest."""
        self.tick()
