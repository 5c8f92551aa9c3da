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
    found = runs.get(ctx.tx, run)
    if found.state not in FINAL:
        raise Conflict(
            f"run {found.id} has not ended",
            why=f"it is {found.state}",
            where=found.ref,
            hint=f"cancel it first: meguru runs cancel {found.id}",
        )
    version = store.get(ctx.tx, found.pipeline, found.version)
    step = normal(step)
    if step and step not in order(version.graph):
        raise NotFound.of(f"step of pipeline {found.pipeline}", step, order(version.graph))
    again = sorted(after(version.graph, step)) if step else []
    return begin(
        ctx,
        version,
        found.params,
        found.pinned,
        origin=found.origin,
        partition=found.partition,
        retry_of=found.id,
        again=again,
    )
