"""Where steps run: each kind of isolation is an executor, made when it is first used."""

from __future__ import annotations

import atexit
import os
import threading

from meguru.base.plugins import PluginFamily
from meguru.base.settings import PREFIX
from meguru.compute.executors.base import Ended, Executor, OnEnded
from meguru.compute.executors.work import StepJob

EXECUTORS = PluginFamily(
    "executor",
    {
        "process": "meguru.compute.executors.process:shared",
        "env": "meguru.compute.executors.env:Environments",
        "ray": "meguru.compute.executors.ray:RayTasks",
        "thread": "meguru.compute.executors.thread:Threads",
    },
)
__all__ = ["EXECUTORS", "Ended", "Executor", "OnEnded", "StepJob", "close", "forget", "of"]

DEFAULT = "process"
VARIABLE = PREFIX + "EXECUTOR"
_open: dict[str, Executor] = {}
_lock = threading.Lock()


def of(isolation: str) -> Executor:
    """Return this process's executor of a kind; NotFound with near misses if there is no such kind.

    The setting `executor` takes the place of the default kind, ``process``; and ``ray`` that of ``env`` too,
    whose environments are then built on the nodes.
    """
    chosen = os.environ.get(VARIABLE) or DEFAULT  # reading all settings would cost more than a thread step
    if isolation == DEFAULT or (isolation == "env" and chosen == "ray"):
        isolation = chosen
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


def forget() -> None:
    """Close every executor, and make new ones when they are needed: settings that they read have changed."""
    close()
    with _lock:
        _open.clear()


atexit.register(close)
