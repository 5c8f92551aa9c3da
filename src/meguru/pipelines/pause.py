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
    pipeline_run = _open(ctx, run)
    if pipeline_run.paused:
        return pipeline_run
    # Nobody works on a run that waits: it is paused at once. Else whoever works on it sees the mark.
    state = {"state": PipelineRunState.PAUSED} if pipeline_run.state is PipelineRunState.WAITING else {}
    runs.change(ctx.tx, pipeline_run.id, paused=True, **state)
    data = {"pipeline": pipeline_run.pipeline, "reason": reason}
    ctx.emit("pipeline_run.paused", pipeline_run.ref, data=data, cause=pipeline_run.event)
    return runs.get(ctx.tx, pipeline_run.id)


@operation("pipeline_run.resume", permission="pipeline:write", on="run")
def resume(ctx: Context, *, run: str) -> PipelineRun:
    """Let a paused run go on where it stopped.

    Raises
    ------
    Conflict
        If the run has ended, or is not paused.
    """
    pipeline_run = _open(ctx, run)
    if not pipeline_run.paused:
        raise Conflict(
            f"run {pipeline_run.id} is not paused", why=f"it is {pipeline_run.state}", where=pipeline_run.ref
        )
    state = {"state": PipelineRunState.WAITING} if pipeline_run.state is PipelineRunState.PAUSED else {}
    runs.change(ctx.tx, pipeline_run.id, paused=False, **state)
    ctx.emit(
        "pipeline_run.resumed",
        pipeline_run.ref,
        data={"pipeline": pipeline_run.pipeline},
        cause=pipeline_run.event,
    )
    jobs.wake(ctx, "pipeline_run", pipeline_run.id)
    return runs.get(ctx.tx, pipeline_run.id)


def _open(ctx: Context, run: str) -> PipelineRun:
    pipeline_run = runs.get(ctx.tx, run)
    # Whoever works on the run looks at the mark again before it lets go of this row.
    jobs.hold(ctx.tx, "pipeline_run", pipeline_run.id)
    pipeline_run = runs.get(ctx.tx, pipeline_run.id)
    if pipeline_run.state in FINAL:
        raise Conflict(
            f"run {pipeline_run.id} has ended already",
            why=f"it {pipeline_run.state.value}",
            where=pipeline_run.ref,
        )
    return pipeline_run
