"""Run a run again, from its failure or from a step."""

from meguru.base.names import normal
from meguru.compute.graph import after, order
from meguru.errors import Conflict, NotFound
from meguru.kernel.operations import Context, operation
from meguru.pipelines import runs, store
from meguru.pipelines.start import begin
from meguru.pipelines.types import FINAL, PipelineRun


@operation("pipeline_run.retry", permission="pipeline:write", on="run")
def retry(ctx: Context, *, run: str, step: str = "") -> PipelineRun:
    """Start a new run with the version, parameters and data of an ended one; what it finished is taken over.

    With a `step`, that step and all that depend on it run again, whatever is kept of them; without one, what
    failed or was not reached.

    Raises
    ------
    Conflict
        If the run has not ended.
    NotFound
        If the pipeline has no such step.
    """
    pipeline_run = runs.get(ctx.tx, run)
    if pipeline_run.state not in FINAL:
        raise Conflict(
            f"run {pipeline_run.id} has not ended",
            why=f"it is {pipeline_run.state}",
            where=pipeline_run.ref,
            hint=f"cancel it first: meguru runs cancel {pipeline_run.id}",
        )
    version = store.get(ctx.tx, pipeline_run.pipeline, pipeline_run.version)
    step = normal(step)
    if step and step not in order(version.graph):
        raise NotFound.of(f"step of pipeline {pipeline_run.pipeline}", step, order(version.graph))
    again = sorted(after(version.graph, step)) if step else []
    return begin(
        ctx,
        version,
        pipeline_run.params,
        pipeline_run.pinned,
        origin=pipeline_run.origin,
        partition=pipeline_run.partition,
        retry_of=pipeline_run.id,
        again=again,
    )
