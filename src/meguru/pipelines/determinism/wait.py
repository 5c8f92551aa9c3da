"""Check and wait for the results: what ``meguru runs check`` does."""

from __future__ import annotations

import time
from collections.abc import Callable

from meguru.base.plugins import PluginFamily
from meguru.kernel.jobs import Worker
from meguru.kernel.remote import RemoteWorkspace
from meguru.kernel.workspace import Workspace
from meguru.pipelines.determinism.check import check, check_result
from meguru.pipelines.determinism.types import KIND, DeterminismCheck, StepCheck

_POLL_SECONDS = 0.3


def check_now(
    ws: Workspace | RemoteWorkspace, ref: str, told: Callable[[StepCheck], None] | None = None
) -> DeterminismCheck:
    """Check RUN.STEP or RUN, and return the results; `told` hears of each as it comes.

    In an embedded workspace this process does the work; at a server the server does.
    """
    asked = check(ws, ref=ref)
    if isinstance(ws, Workspace):
        handlers = PluginFamily("job handler", {KIND: "meguru.pipelines.determinism.job:HANDLER"})
        Worker(ws, handlers, threads=0).run_to_end(asked.job)
    seen = 0
    while True:
        found = check_result(ws, job=asked.job)
        for one in found.results[seen:] if told else ():
            told(one)  # type: ignore[misc]  # it is there, or this loop has nothing to go over
        seen = len(found.results)
        if found.done:
            return found
        time.sleep(_POLL_SECONDS)
