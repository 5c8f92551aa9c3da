"""Threads that carry out the runs of a sweep's trials, so that a sweep needs no other worker."""

from __future__ import annotations

import threading
from types import TracebackType
from typing import Self

from meguru.base.plugins import PluginFamily
from meguru.kernel.jobs import Worker
from meguru.kernel.workspace import Workspace

_KINDS = {"pipeline_run": "meguru.pipelines.job:HANDLER"}


class TrialWorkers:
    """One thread a job; leaving the block ends them, and puts their jobs back.

    A job that another worker has is left to it.
    """

    def __init__(self, ws: Workspace) -> None:
        self._worker = Worker(ws, PluginFamily("job handler", _KINDS), threads=0)
        self._threads: dict[str, threading.Thread] = {}

    def take(self, job: str) -> None:
        """Work on a job, if no thread does already."""
        self._threads = {key: one for key, one in self._threads.items() if one.is_alive()}
        if job not in self._threads:
            thread = threading.Thread(
                target=self._worker.run_to_end, args=(job,), name=f"trial-{job[-6:]}", daemon=True
            )
            self._threads[job] = thread
            thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # Their jobs go back to the queue first: another worker may go on with them while we join.
        self._worker.stopping.set()
        for thread in self._threads.values():
            thread.join()
