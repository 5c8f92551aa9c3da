"""Pull and wait for the end: what ``meguru data pull`` does."""

from __future__ import annotations

import time

from meguru.base.plugins import PluginFamily
from meguru.datasets.pulls.show import pulls
from meguru.datasets.pulls.start import JOB, pull
from meguru.datasets.pulls.types import DatasetPull, PullState
from meguru.kernel.jobs import Worker
from meguru.kernel.remote import RemoteWorkspace
from meguru.kernel.workspace import Workspace

_POLL_SECONDS = 0.3
_PAGE = 100


def pull_now(
    ws: Workspace | RemoteWorkspace, name: str, *, full: bool = False, evolve: bool = False, note: str = ""
) -> DatasetPull:
    """Read a dataset's source, and return what came of it.

    In an embedded workspace this process does the work; at a server the server does, and this waits.
    """
    asked = pull(ws, name=name, full=full, evolve=evolve, note=note)
    handlers = PluginFamily("job handler", {JOB: "meguru.datasets.pulls.job:HANDLER"})
    worker = Worker(ws, handlers, threads=0) if isinstance(ws, Workspace) else None
    while True:
        if worker is not None:
            # Again and again: one that another process had is ours when that one died, and its lease is over.
            worker.run_to_end(asked.job)
        found = next(
            (
                dataset_pull
                for dataset_pull in pulls(ws, name=name, limit=_PAGE)
                if dataset_pull.id == asked.id
            ),
            asked,
        )
        if found.state is not PullState.RUNNING:
            return found
        time.sleep(_POLL_SECONDS)
