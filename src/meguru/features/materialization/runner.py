"""See a materialization through: an embedded workspace's is done by this process, a server's is watched."""

from __future__ import annotations

import time
from typing import Any

from meguru.base.plugins import PluginFamily
from meguru.features.materialization.job import MaterializationHandler, MaterializationProgress
from meguru.features.materialization.start import show
from meguru.features.materialization.types import FINAL, Materialization
from meguru.kernel import events
from meguru.kernel.jobs import Worker
from meguru.kernel.remote import RemoteWorkspace
from meguru.kernel.workspace import Workspace

POLL_SECONDS = 0.3


def see_through(
    ws: Workspace | RemoteWorkspace, found: Materialization, progress: MaterializationProgress | None = None
) -> Materialization:
    """Return when it is over; `progress` hears how far it is.

    Another process that works on it is left alone; if it dies, this one takes over. Interrupted, it goes on
    where it was, whoever takes it up.
    """
    while True:
        if isinstance(ws, Workspace):
            Worker(ws, _Handlers(progress)).run_to_end(found.job)
            with ws.read() as tx:
                after = events.head(tx)
        found = show(ws, materialization=found.id)
        if progress is not None:
            progress(found)
        if found.state in FINAL:
            return found
        if isinstance(ws, Workspace):
            events.wait(ws, after=after, timeout=1.0)
        else:
            time.sleep(POLL_SECONDS)


def wait_for(ws: Workspace, materialization: str) -> Materialization:
    """Return when it is over; a worker of whichever server does the work."""
    while True:
        with ws.read() as tx:
            after = events.head(tx)
        found = show(ws, materialization=materialization)
        if found.state in FINAL:
            return found
        events.wait(ws, after=after, timeout=1.0, wakes=lambda type: type.startswith("materialization."))


class _Handlers(PluginFamily):
    """Only materializations, with the caller's progress."""

    def __init__(self, progress: MaterializationProgress | None) -> None:
        super().__init__("job handler", {"materialization": "meguru.features.materialization.job:HANDLER"})
        self._progress = progress

    def names(self) -> list[str]:
        """Return the one kind."""
        return ["materialization"]

    def load(self, name: str) -> Any:
        """Return the handler, which works in this process."""
        del name
        return MaterializationHandler(self._progress)
