"""What the server does beside answering: what events and jobs bring, and the live deployments."""

from __future__ import annotations

from meguru.app.background import AtWork
from meguru.flavors.warm import warm_up
from meguru.kernel.workspace import Workspace
from meguru.registry import store as registry
from meguru.server.otlp import OtlpExport
from meguru.serving.service import PredictionService


class Background:
    """The server's threads, started and stopped together."""

    def __init__(self, ws: Workspace, service: PredictionService) -> None:
        self._ws, self._service = ws, service
        self._work = AtWork(ws)
        self._otlp = OtlpExport(ws)

    def start(self) -> None:
        """Start all threads; before them, import what they would else import at the same time."""
        with self._ws.read() as tx:
            models = registry.page(tx, after="", limit=1)
        if models:
            warm_up()
        self._service.start()
        self._work.start()
        self._otlp.start()

    def stop(self) -> None:
        """Drain: claim nothing new, put running jobs back, end the threads."""
        # Predictions last: requests under way are answered, and recorded, while jobs go back to the queue.
        self._otlp.stop()
        self._work.stop()
        self._service.stop()
