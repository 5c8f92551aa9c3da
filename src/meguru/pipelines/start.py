"""Start a run."""

from collections.abc import Sequence
from typing import Any

import msgspec

from meguru.base import refs
from meguru.kernel import jobs
from meguru.kernel.jobs import lanes
from meguru.kernel.kinds import provided
from meguru.kernel.operations import Context, operation
from meguru.pipelines import parameters, pins, runs, store, transitions
from meguru.pipelines.deployments.spec import default_params, default_priority
from meguru.pipelines.pools import store as pools
from meguru.pipelines.priority import check_priority
from meguru.pipelines.types import Pinned, PipelineRun, PipelineVersion

GUARDS = "run guard"
"""Those who may refuse that a run starts: ``f(ctx, pipeline, person)`` raises Conflict, which says why."""


@operation("pipeline_run.start", permission="pipeline:write", on="pipeline", refers={"pipeline": "pipeline"})
def start(
    ctx: Context,
    *,
    pipeline: str,
    params: dict[str, Any] = {},  # noqa: B006 - the kernel copies it for each call
    priority: int | None = None,
    origin: str = "",
    partition: str = "",
) -> PipelineRun:
    """Start a run of a registered pipeline; a worker does it.

    Dataset parameters such as ``flights@latest`` are pinned to the version they mean now; bare names are of
    the pipeline's project, and what is of another one needs the right to read it there. A pipeline without a
    version gets the parameters and the priority that were declared for it, where none are given. Of waiting
    runs those of the highest `priority` go first; by default it is the pipeline's own. `origin` and
    `partition` say what started it, and for which part of the data.

    Raises
    ------
    NotFound
        If there is no such pipeline or dataset, or a step's pool was never set.
    InvalidInput
        If a parameter is unknown, missing or of the wrong type; nothing is started then.
    """
    check_priority(priority)
    version = store.resolve(ctx.tx, pipeline, ctx.readable)
    pools.check(ctx.tx, (step.pool for step in version.graph.steps if step.pool))
    if refs.parse(pipeline, kind="pipeline").version is None:
        params = default_params(ctx.tx, version) | params
        priority = default_priority(ctx.tx, version.name) if priority is None else priority
    values = parameters.convert(version.graph, params)
    pinned = _pin(ctx, version, values)
    return begin(ctx, version, values, pinned, priority=priority, origin=origin, partition=partition)


def begin(
    ctx: Context,
    version: PipelineVersion,
    values: dict[str, Any],
    pinned: dict[str, Pinned],
    *,
    priority: int | None = None,
    origin: str = "",
    partition: str = "",
    retry_of: str | None = None,
    again: Sequence[str] = (),
) -> PipelineRun:
    """Write a new run with its job and its event; `again` are its `rerun_steps`."""
    for kind in (guards := provided(GUARDS)).names():
        guards.load(kind)(ctx, version.name, ctx.principal.name)
    queued = transitions.new_run(
        version.name,
        version.version,
        values,
        pinned,
        at=ctx.now(),
        by=ctx.principal.name,
        origin=origin,
        partition=partition,
        retry_of=retry_of,
        rerun_steps=list(again),
    )
    # The job is promised for the event, and the run has the ids of both.
    event = ctx.emit(**transitions.started(queued))
    chosen = version.graph.priority if priority is None else priority
    job = _enqueue(ctx, version, queued.id, event.id, chosen)
    run = msgspec.structs.replace(queued, job=job.id, event=event.id)
    runs.add(ctx.tx, run)
    return run


def _pin(ctx: Context, version: PipelineVersion, values: dict[str, Any]) -> dict[str, Pinned]:
    """Choose the versions of datasets; `values` gets their references."""
    pinned = {
        name: pins.pin(ctx, version.name, value) for name, value in pins.of_datasets(version.graph, values)
    }
    values |= {name: pins.spelled(version.name, one) for name, one in pinned.items()}
    chosen = {
        name: pins.pin_features(ctx, version.name, value)
        for name, value in pins.of_features(version.graph, values)
    }
    return pinned | chosen


def _enqueue(ctx: Context, version: PipelineVersion, run_id: str, cause: str, priority: int) -> jobs.Job:
    lane = f"pipeline:{version.name}"
    lanes.set_limit(ctx.tx, lane, version.graph.max_runs)
    return jobs.enqueue(
        ctx,
        kind="pipeline_run",
        key=run_id,
        payload={"run": run_id},
        cause=cause,
        priority=priority,
        lane=lane,
    )
