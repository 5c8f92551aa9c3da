"""What the server does beside answering: jobs, triggers, backfills, silent runs, the live deployments."""

from __future__ import annotations

import threading

from meguru.app.jobs import HANDLERS
from meguru.backfills.advance import Conductor
from meguru.flavors.warm import warm_up
from meguru.registry import store as registry
from meguru.runtime.jobs import Worker
from meguru.runtime.workspace import Workspace
from meguru.server.sweeping import Sweeper
from meguru.serving.service import Service
from meguru.storage.blobs.pending import Settler
from meguru.tracking.series.join import Joiner
from meguru.triggers.evaluate import Evaluator
from meguru.webhooks.call import HANDLERS as WEBHOOK_HANDLERS
from meguru.webhooks.follow import Follower


class Background:
    """The server's threads, started and stopped together."""

    def __init__(self, ws: Workspace, service: Service) -> None:
        self._stop = threading.Event()
        self._ws = ws
        self._worker = Worker(ws, HANDLERS, threads=ws.settings.workers)
        self._evaluator = threading.Thread(
            target=Evaluator(ws).run, args=(self._stop,), name="triggers", daemon=True
        )
        self._sweeper = threading.Thread(
            target=Sweeper(ws).run, args=(self._stop,), name="sweeper", daemon=True
        )
        self._follower = threading.Thread(
            target=Follower(ws).run, args=(self._stop,), name="webhooks", daemon=True
        )
        self._settler = threading.Thread(
            target=Settler(ws.db, ws.blobs).run, args=(self._stop,), name="blobs", daemon=True
        )
        self._joiner = threading.Thread(
            target=Joiner(ws.db).run, args=(self._stop,), name="series", daemon=True
        )
        self._caller = Worker(ws, WEBHOOK_HANDLERS, threads=2)
        self._backfills = threading.Thread(
            target=Conductor(ws).run, args=(self._stop,), name="backfills", daemon=True
        )
        self._service = service

    def start(self) -> None:
        """Start all threads; before them, import what they would else import at the same time."""
        with self._ws.read() as tx:
            models = registry.page(tx, after="", limit=1)
        if models:
            warm_up()
        self._service.start()
        self._evaluator.start()
        self._backfills.start()
        self._sweeper.start()
        self._worker.start()
        self._follower.start()
        self._caller.start()
        self._settler.start()
        self._joiner.start()

    def stop(self) -> None:
        """Drain: claim nothing new, put running jobs back, end the threads."""
        self._stop.set()
        self._worker.stop()
        self._caller.stop()
        self._ws.notify()
        self._evaluator.join(timeout=5)
        self._backfills.join(timeout=5)
        self._sweeper.join(timeout=5)
        self._follower.join(timeout=5)
        self._settler.join(timeout=5)
        self._joiner.join(timeout=5)
        self._service.stop()
