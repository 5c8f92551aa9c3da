"""Where steps run: each kind of isolation is an executor, made when it is first used."""

from __future__ import annotations

import atexit
import threading

from meguru.base.plugins import Table
from meguru.pipelines.executors.base import Done, Ended, Executor
from meguru.pipelines.executors.work import StepJob

EXECUTORS = Table(
    "executor",
    {
        "process": "meguru.pipelines.executors.process:shared",
        "env": "meguru.pipelines.executors.env:Environments",
        "thread": "meguru.pipelines.executors.thread:Threads",
    },
)
__all__ = ["EXECUTORS", "Done", "Ended", "Executor", "StepJob", "close", "of"]

_open: dict[str, Executor] = {}
_lock = threading.Lock()


def of(isolation: str) -> Executor:
    """Return this process's executor of a kind; NotFound with near misses if there is no such kind."""
    with _lock:
        if isolation not in _open:
            _open[isolation] = EXECUTORS.load(isolation)()
        return _open[isolation]


def close() -> None:
    """Close every executor that was used; the next step opens what it needs again."""
    with _lock:
        closing = list(_open.values())
    for executor in closing:
        executor.close()


atexit.register(close)
