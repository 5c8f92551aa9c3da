"""What runs beside answering: the services of every kind, and the workers of their jobs."""

from __future__ import annotations

from typing import Self

from meguru.app.jobs import APART, HANDLERS
from meguru.app.kinds import all_kinds
from meguru.kernel.jobs import Worker
from meguru.kernel.services import Services
from meguru.kernel.workspace import Workspace


class AtWork:
    """The threads of a process that does what events, calendars and jobs bring, started and stopped together.

    Several processes may work on one workspace: what is done is decided in the database.
    """

    def __init__(self, ws: Workspace) -> None:
        self._services = Services(ws, all_kinds())
        self._workers = [
            Worker(ws, HANDLERS, threads=ws.settings.workers),
            *(Worker(ws, handlers, threads=threads) for handlers, threads in APART),
        ]

    def start(self) -> None:
        """Start all threads."""
        self._services.start()
        for worker in self._workers:
            worker.start()

    def stop(self) -> None:
        """Drain: claim nothing new, put running jobs back, end the threads."""
        # Workers first: what their last jobs commit may still be followed.
        for worker in self._workers:
            worker.stop()
        self._services.stop()

    def __enter__(self) -> Self:
        """Start."""
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self.stop()
