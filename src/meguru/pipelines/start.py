"""Start a run."""

from typing import Any

from meguru.base import refs
from meguru.base.ids import new_id
from meguru.datasets import store as datasets
from meguru.pipelines import parameters, runs, store
from meguru.pipelines.types import Pinned, PipelineRun, RunState
from meguru.runtime import jobs
from meguru.runtime.operations import Context, operation


@operation("pipeline_run.start", permission="pipeline:write")
def start(ctx: Context, *, pipeline: str, params: dict[str, Any] = {}) -> PipelineRun:  # noqa: B006
    """Start a run of a registered pipeline; a worker does it.

    Dataset parameters such as ``flights@latest`` are pinned to the version they mean now.

    Raises
    ------
    NotFound
        If there is no such pipeline or dataset.
    InvalidInput
        If a parameter is unknown, missing or of the wrong type; nothing is started then.
    """
    version = store.resolve(ctx.tx, pipeline)
    values = parameters.convert(version.graph, params)
    pinned: dict[str, Pinned] = {}
    for parameter in version.graph.parameters:
        if parameter.type == parameters.DATASET:
            found = datasets.resolve(ctx.tx, values[parameter.name])
            pinned[parameter.name] = Pinned(ref=found.ref, digest=found.digest)
            values[parameter.name] = found.ref
    run_id = new_id("prun")
    ref = refs.make("pipeline_run", run_id)
    event = ctx.emit(
        "pipeline_run.started",
        ref,
        data={"pipeline": version.name, "version": version.version, "params": values},
        used=[version.ref, *(pin.ref for pin in pinned.values())],
        produced=[ref],
    )
    job = jobs.enqueue(ctx, kind="pipeline_run", key=run_id, payload={"run": run_id}, cause=event.id)
    run = PipelineRun(
        ref=ref,
        id=run_id,
        pipeline=version.name,
        version=version.version,
        state=RunState.QUEUED,
        params=values,
        pinned=pinned,
        job=job.id,
        event=event.id,
        created_at=ctx.now(),
        created_by=ctx.principal.name,
    )
    runs.add(ctx.tx, run)
    return run
