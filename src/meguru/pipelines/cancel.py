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
    pipeline_run = runs.get(ctx.tx, run)
    if pipeline_run.state in FINAL:
        raise Conflict(
            f"run {pipeline_run.id} has ended already",
            why=f"it {pipeline_run.state.value}",
            where=pipeline_run.ref,
        )
    # First the job: whoever works on the run is fenced off by it, and what is counted below stays true.
    jobs.cancel(ctx.tx, "pipeline_run", pipeline_run.id, ctx.now())
    metrics_ingest.end(ctx, pipeline_run.id, "cancelled")
    skip_open(ctx, pipeline_run.id, "the run was cancelled", but_running=True)
    counts = runs.count(ctx.tx, [pipeline_run.id])[pipeline_run.id]
    runs.change(ctx.tx, pipeline_run.id, state=PipelineRunState.CANCELLED, finished_at=ctx.now(), **counts)
    ctx.emit(
        "pipeline_run.cancelled",
        pipeline_run.ref,
        data={"pipeline": pipeline_run.pipeline, "reason": reason},
        cause=pipeline_run.event,
    )
    return runs.get(ctx.tx, pipeline_run.id, ctx.now())
