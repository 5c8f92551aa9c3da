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
MOST = 256
"""So many pieces of work share one transaction; others wait for the next."""
_Job = tuple[str, Callable[[Connection], Any], "Future[Any]"]


class Together:
    """Work of many callers in shared write transactions, on one thread.

    A caller is answered after the commit, with what its work returned or raised; work that raises is undone
    alone. Safe for many threads.
    """

    def __init__(self, db: Database) -> None:
        self._db = db
        self._lock = threading.Lock()
        self._waiting: list[_Job] = []
        self._busy = False
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="writer")

    def submit(self, work: Callable[[Connection], T], *, order: str = "") -> Future[T]:
        """Have `work` done soon; within one transaction, work is done by its `order`.

        Whoever locks rows gives the same order to all who lock them, so that no two transactions of two
        servers wait for each other.
        """
        done: Future[T] = Future()
        with self._lock:
            self._waiting.append((order, work, done))
            if not self._busy:
                self._busy = True
                self._thread.submit(self._drain)
        return done

    def close(self) -> None:
        """Finish what is waiting, and end the thread."""
        self._thread.shutdown()

    def _drain(self) -> None:
        while True:
            with self._lock:
                jobs, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
                if not jobs:
                    self._busy = False
                    return
            self._run(jobs)

    def _run(self, jobs: list[_Job]) -> None:
        jobs = [job for job in jobs if job[2].set_running_or_notify_cancel()]
        jobs.sort(key=lambda job: job[0])
        results: list[Any] = []
        try:
            with self._db.write() as tx:
                for _, work, _ in jobs:
                    results.append(_one(tx, work, alone=len(jobs) == 1))
        # The commit failed for all of them; nobody was answered yet, so nobody was told anything untrue.
        except BaseException as error:  # noqa: BLE001 - whatever it is, those who wait are told
            for _, _, done in jobs:
                done.set_exception(error)
            return
        for (_, _, done), result in zip(jobs, results, strict=True):
            if isinstance(result, _Refused):
                done.set_exception(result.error)
            else:
                done.set_result(result)


class _Refused:
    """Work that was undone, and why."""

    def __init__(self, error: Exception) -> None:
        self.error = error


def _one(tx: Connection, work: Callable[[Connection], Any], *, alone: bool) -> Any:
    # Alone, its failure undoes the whole transaction: no savepoint is needed.
    if alone:
        return work(tx)
    raw = RawSql(tx)
    raw.execute("SAVEPOINT one")
    try:
        result = work(tx)
    except Exception as error:  # noqa: BLE001 - told to the one whose work it was
        raw.execute("ROLLBACK TO SAVEPOINT one")
        result = _Refused(error)
    raw.execute("RELEASE SAVEPOINT one")
    return result
