"""Run a pipeline from its file, and wait for the end: what ``meguru run`` does."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from meguru.base.plugins import PluginFamily
from meguru.compute.graph import Graph
from meguru.errors import Interrupted
from meguru.kernel import events
from meguru.kernel.jobs import Worker
from meguru.kernel.remote import RemoteWorkspace
from meguru.kernel.workspace import Workspace
from meguru.pipelines import runs
from meguru.pipelines.approvals.decide import list_approvals
from meguru.pipelines.cancel import cancel
from meguru.pipelines.engine.record import StepProgress
from meguru.pipelines.load import register_file
from meguru.pipelines.show import show_run
from meguru.pipelines.start import start
from meguru.pipelines.types import FINAL, PipelineRun, PipelineRunState, StepState

_POLL_SECONDS = 0.3


def run_file(
    ws: Workspace | RemoteWorkspace,
    target: str,
    params: Mapping[str, Any] | None = None,
    *,
    progress: StepProgress | None = None,
    begun: Callable[[PipelineRun, Graph], None] | None = None,
    priority: int | None = None,
) -> PipelineRun:
    """Register ``FILE.py:PIPELINE``, run it, and return the run with its steps: ended, or waiting for people.

    In an embedded workspace this process does the work, and first finishes earlier runs of the same
    pipeline whose process died. At a server the server does; this waits. `progress` hears of every change
    of a step, `begun` of the run before the first one.

    Raises
    ------
    Interrupted
        At Ctrl-C: the run is cancelled; finished steps are kept for the next one.
    """
    version = register_file(ws, target)
    if isinstance(ws, Workspace):
        _finish_orphans(ws, version.name, progress)
    run = start(ws, pipeline=version.ref, params=dict(params or {}), priority=priority)
    if begun is not None:
        begun(run, version.graph)
    return follow(ws, run, progress=progress)


def follow(
    ws: Workspace | RemoteWorkspace, run: PipelineRun, *, progress: StepProgress | None = None
) -> PipelineRun:
    """Bring a run that was started on to its end, or see it there; return it with its steps.

    Raises
    ------
    Interrupted
        At Ctrl-C: the run is cancelled; finished steps are kept for the next one.
    """
    try:
        if isinstance(ws, Workspace):
            work_on(ws, run.job, progress)
        return wait(ws, run.id, progress if ws.is_remote else None)
    except KeyboardInterrupt:
        cancel(ws, run=run.id, reason="interrupted at the keyboard")
        raise Interrupted(
            f"run {run.id} was cancelled", where=run.ref, hint="run it again: finished steps are kept"
        ) from None


def work_on(
    ws: Workspace, job: str, progress: StepProgress | None = None, stopping: threading.Event | None = None
) -> bool:
    """Do a run's job in this thread; False if another process has it or it is over.

    When `stopping` is set, the job is put back for whoever goes on with it.
    """
    worker = Worker(ws, _Handlers(progress))
    worker.stopping = stopping or worker.stopping
    return worker.run_to_end(job)


def wait(
    ws: Workspace | RemoteWorkspace,
    run_id: str,
    progress: StepProgress | None = None,
    timeout: float | None = None,
) -> PipelineRun:
    """Wait until a run has ended, or `timeout` seconds; return it as it then is, with its steps."""
    end = None if timeout is None else time.monotonic() + timeout
    seen: dict[str, tuple[StepState, int]] = {}
    while True:
        after = 0
        if isinstance(ws, Workspace):
            with ws.read() as tx:
                after = events.head(tx)
        run = show_run(ws, ref=run_id)
        for one in run.steps if progress else ():
            if one.started_at and seen.get(one.step) != (one.state, one.attempt):
                seen[one.step] = (one.state, one.attempt)
                if progress:
                    progress(one)
        if run.state in FINAL or _rests(ws, run) or (end is not None and time.monotonic() > end):
            return run
        if isinstance(ws, Workspace):
            events.wait(ws, after=after, timeout=1.0)
        else:
            time.sleep(_POLL_SECONDS)


def _rests(ws: Workspace | RemoteWorkspace, run: PipelineRun) -> bool:
    """Tell whether only people can bring the run on; an answer may be there that nobody has acted on yet."""
    if run.state is not PipelineRunState.WAITING or all(
        step.state is not StepState.ASKING for step in run.steps
    ):
        return run.state is PipelineRunState.PAUSED
    return bool(list_approvals(ws, run=run.id).items)


def _finish_orphans(ws: Workspace, pipeline: str, progress: StepProgress | None) -> None:
    with ws.read() as tx:
        left = runs.unfinished(tx, pipeline)
    for run in left:
        work_on(ws, run.job, progress)


class _Handlers(PluginFamily):
    """Only pipeline runs, with the caller's progress."""

    def __init__(self, progress: StepProgress | None) -> None:
        super().__init__("job handler", {"pipeline_run": "meguru.pipelines.job:HANDLER"})
        self.progress = progress

    def names(self) -> list[str]:
        """Return the one kind."""
        return ["pipeline_run"]

    def load(self, name: str) -> Any:
        """Return the handler, which runs in this process."""
        from meguru.pipelines.job import PipelineRunHandler

        del name
        return PipelineRunHandler(self.progress)
