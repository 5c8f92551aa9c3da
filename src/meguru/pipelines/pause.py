"""Pause a run, and let it go on."""

from meguru.errors import Conflict
from meguru.kernel import jobs
from meguru.kernel.operations import Context, operation
from meguru.pipelines import runs
from meguru.pipelines.types import FINAL, PipelineRun, PipelineRunState


@operation("pipeline_run.pause", permission="pipeline:write", on="run")
def pause(ctx: Context, *, run: str, reason: str = "") -> PipelineRun:
    """Pause a run: steps that run end as they would, no further step starts, and no process is held.

    Raises
    ------
    Conflict
        If the run has ended.
    """
    found = _open(ctx, run)
    if found.paused:
        return found
    # Nobody works on a run that waits: it is paused at once. Else whoever works on it sees the mark.
    state = {"state": PipelineRunState.PAUSED} if found.state is PipelineRunState.WAITING else {}
    runs.change(ctx.tx, found.id, paused=True, **state)
    data = {"pipeline": found.pipeline, "reason": reason}
    ctx.emit("pipeline_run.paused", found.ref, data=data, cause=found.event)
    return runs.get(ctx.tx, found.id)


@operation("pipeline_run.resume", permission="pipeline:write", on="run")
def resume(ctx: Context, *, run: str) -> PipelineRun:
    """Let a paused run go on where it stopped.

    Raises
    ------
    Conflict
        If the run has ended, or is not paused.
    """
    found = _open(ctx, run)
    if not found.paused:
        raise Conflict(f"run {found.id} is not paused", why=f"it is {found.state}", where=found.ref)
    state = {"state": PipelineRunState.WAITING} if found.state is PipelineRunState.PAUSED else {}
    runs.change(ctx.tx, found.id, paused=False, **state)
    ctx.emit("pipeline_run.resumed", found.ref, data={"pipeline": found.pipeline}, cause=found.event)
    jobs.wake(ctx, "pipeline_run", found.id)
    return runs.get(ctx.tx, found.id)


def _open(ctx: Context, run: str) -> PipelineRun:
    found = runs.get(ctx.tx, run)
    # Whoever works on the run looks at the mark again before it lets go of this row.
    jobs.hold(ctx.tx, "pipeline_run", found.id)
    found = runs.get(ctx.tx, found.id)
    if found.state in FINAL:
        raise Conflict(f"run {found.id} has ended already", why=f"it {found.state.value}", where=found.ref)
    return found
