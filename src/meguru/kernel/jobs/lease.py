"""A worker's lease on a job: kept by heartbeats, checked in each transaction (fencing)."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, TypeVar

from sqlalchemy import Connection

from meguru.errors import Interrupted, LostLease
from meguru.kernel.jobs import queue
from meguru.kernel.jobs.types import Job

if TYPE_CHECKING:
    from meguru.kernel.operations import Context, InternalOperation
    from meguru.kernel.workspace import Workspace

R = TypeVar("R")


class Lease:
    """Held while a handler runs; `stopping` is set when the process drains, `lost` when another took over."""

    def __init__(self, ws: Workspace, job: Job, seconds: float, stopping: threading.Event) -> None:
        self.job, self.stopping = job, stopping
        self.lost = threading.Event()
        self._ws, self._seconds = ws, seconds

    def check(self, tx: Connection) -> None:
        """Refuse to go on writing in `tx` if the job is no longer ours."""
        if not queue.is_held(tx, self.job):
            self.lost.set()
            raise LostLease(
                f"job {self.job.id} is another worker's now", why="this one was silent or cancelled"
            )

    def commit(self, ws: Workspace, operation: InternalOperation, work: Callable[[Context], R]) -> R:
        """Do some work in one fenced transaction: what a worker writes after it lost its job is refused.

        Raises
        ------
        LostLease
            If the job is no longer ours; nothing is written then.
        """

        def fenced(ctx: Context) -> R:
            self.check(ctx.tx)
            return work(ctx)

        return operation.commit(ws, fenced)

    def poll(self) -> None:
        """Do as `raise_if_stopped`, after a query: a job may be cancelled in another process."""
        with self._ws.read() as tx:
            if not queue.is_held(tx, self.job, keep=False):
                self.lost.set()
        self.raise_if_stopped()

    def raise_if_stopped(self) -> None:
        """Raise Interrupted when the process is draining, LostLease when the job is no longer ours."""
        if self.lost.is_set():
            raise LostLease(f"job {self.job.id} is another worker's now")
        if self.stopping.is_set():
            raise Interrupted("this worker is stopping; the job goes on elsewhere or later")

    def heartbeat(self) -> None:
        """Extend the lease, as from now."""
        with self._ws.db.write() as tx:
            until = self._ws.clock.now() + timedelta(seconds=self._seconds)  # the turn may have come late
            if not queue.extend(tx, self.job, until):
                self.lost.set()
