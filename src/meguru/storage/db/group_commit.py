"""Group commit: those who come while a write transaction is under way share the next one."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import Connection

from meguru.storage.db.raw import RawSql

if TYPE_CHECKING:
    from meguru.storage.db.engine import Database

T = TypeVar("T")
MAX_BATCH = 256
"""Pieces of work that share one transaction at most; others wait for the next."""
_Work = tuple[str, Callable[[Connection], Any], "Future[Any]"]


class GroupCommit:
    """Work of many callers in shared write transactions, on one thread.

    A caller is answered after the commit, with what its work returned or raised; work that raises is undone
    alone. Safe for many threads.
    """

    def __init__(self, db: Database) -> None:
        self._db = db
        self._lock = threading.Lock()
        self._queue: list[_Work] = []
        self._is_draining = False
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="writer")

    def submit(self, work: Callable[[Connection], T], *, order: str = "") -> Future[T]:
        """Queue `work` for the next transaction, in which work is done by its `order`.

        Whoever locks rows names them by `order`: transactions of two servers then lock them in the same
        order, and never wait for each other (deadlock).
        """
        done: Future[T] = Future()
        with self._lock:
            self._queue.append((order, work, done))
            if not self._is_draining:
                self._is_draining = True
                self._thread.submit(self._drain)
        return done

    def close(self) -> None:
        """Finish what is waiting, and end the thread."""
        self._thread.shutdown()

    def _drain(self) -> None:
        while True:
            with self._lock:
                jobs, self._queue = self._queue[:MAX_BATCH], self._queue[MAX_BATCH:]
                if not jobs:
                    self._is_draining = False
                    return
            self._run(jobs)

    def _run(self, jobs: list[_Work]) -> None:
        # From here on nobody can cancel: what a caller gave up before is not written.
        jobs = [job for job in jobs if job[2].set_running_or_notify_cancel()]
        jobs.sort(key=lambda job: job[0])
        results: list[Any] = []
        try:
            with self._db.write() as tx:
                for _, work, _ in jobs:
                    results.append(self._run_one(tx, work, alone=len(jobs) == 1))
        # The commit failed for all of them; nobody was answered yet, so nobody was told anything untrue.
        except BaseException as error:  # noqa: BLE001 - whatever it is, those who wait are told
            for _, _, done in jobs:
                done.set_exception(error)
            return
        for (_, _, done), result in zip(jobs, results, strict=True):
            if isinstance(result, _Failed):
                done.set_exception(result.error)
            else:
                done.set_result(result)

    def _run_one(self, tx: Connection, work: Callable[[Connection], Any], *, alone: bool) -> Any:
        # Alone, its failure undoes the whole transaction: no savepoint is needed.
        if alone:
            return work(tx)
        raw = RawSql(tx)
        raw.execute("SAVEPOINT one")
        try:
            with self._db.explained():
                result = work(tx)
        except Exception as error:  # noqa: BLE001 - raised to the one whose work it was
            raw.execute("ROLLBACK TO SAVEPOINT one")
            result = _Failed(error)
        raw.execute("RELEASE SAVEPOINT one")
        return result


class _Failed:
    """Work that was undone, and why."""

    def __init__(self, error: Exception) -> None:
        self.error = error
