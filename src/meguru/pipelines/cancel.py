"""Cancel a run."""

from meguru.errors import Conflict
from meguru.kernel import jobs
from meguru.kernel.operations import Context, operation
from meguru.pipelines import metrics_ingest, runs
from meguru.pipelines.finish import skip_open
from meguru.pipelines.types import FINAL, PipelineRun, PipelineRunState


@operation("pipeline_run.cancel", permission="pipeline:write", on="run")
def cancel(ctx: Context, *, run: str, reason: str = "") -> PipelineRun:
    """Cancel a run: no further step starts, and the processes of running steps are ended.

    Finished steps keep their outputs, so that a later run finds them.

    Raises
    ------
    Conflict
        If the run has ended.
    """
    found = runs.get(ctx.tx, run)
    if found.state in FINAL:
        raise Conflict(f"run {found.id} has ended already", why=f"it {found.state.value}", where=found.ref)
    # First the job: whoever works on the run is fenced off by it, and what is counted below stays true.
    jobs.cancel(ctx.tx, "pipeline_run", found.id, ctx.now())
    metrics_ingest.end(ctx, found.id, "cancelled")
    skip_open(ctx, found.id, "the run was cancelled", but_running=True)
    counts = runs.count(ctx.tx, [found.id])[found.id]
    runs.change(ctx.tx, found.id, state=PipelineRunState.CANCELLED, finished_at=ctx.now(), **counts)
    ctx.emit(
        "pipeline_run.cancelled",
        found.ref,
        data={"pipeline": found.pipeline, "reason": reason},
        cause=found.event,
    )
    return runs.get(ctx.tx, found.id, ctx.now())
