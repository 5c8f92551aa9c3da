"""What the server does beside answering: jobs, the services of every kind, the live deployments."""

from __future__ import annotations

from meguru.app.jobs import APART, HANDLERS
from meguru.app.kinds import all_kinds
from meguru.flavors.warm import warm_up
from meguru.kernel.jobs import Worker
from meguru.kernel.services import Services
from meguru.kernel.workspace import Workspace
from meguru.registry import store as registry
from meguru.serving.service import PredictionService


class Background:
    """The server's threads, started and stopped together."""

    def __init__(self, ws: Workspace, service: PredictionService) -> None:
        self._ws, self._service = ws, service
        self._services = Services(ws, all_kinds())
        self._workers = [
            Worker(ws, HANDLERS, threads=ws.settings.workers),
            *(Worker(ws, handlers, threads=threads) for handlers, threads in APART),
        ]

    def start(self) -> None:
        """Start all threads; before them, import what they would else import at the same time."""
        with self._ws.read() as tx:
            models = registry.page(tx, after="", limit=1)
        if models:
            warm_up()
        self._service.start()
        self._services.start()
        for worker in self._workers:
            worker.start()

    def stop(self) -> None:
        """Drain: claim nothing new, put running jobs back, end the threads."""
        for worker in self._workers:
            worker.stop()
        self._services.stop()
        self._service.stop()
