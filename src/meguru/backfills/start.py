"""Start a backfill."""

from __future__ import annotations

from typing import Any

from meguru.backfills import store
from meguru.backfills.partitions import MAX_PARTITIONS, keys_of
from meguru.backfills.types import Backfill, BackfillState, Direction, OnFailure, Width
from meguru.base import refs
from meguru.base.ids import new_id
from meguru.base.names import identifier
from meguru.compute.graph import Graph
from meguru.errors import InvalidInput
from meguru.kernel.operations import Context, operation
from meguru.pipelines import parameters, pins
from meguru.pipelines import store as pipelines
from meguru.pipelines.deployments.deploy import deployed_version, ensure
from meguru.pipelines.deployments.spec import default_params
from meguru.pipelines.pools import store as pools
from meguru.pipelines.priority import check_priority
from meguru.pipelines.types import PipelineVersion

MAX_PARALLEL = 64


@operation("backfill.start", permission="backfill:write", on="pipeline", refers={"pipeline": "pipeline"})
def start(
    ctx: Context,
    *,
    pipeline: str,
    param: str = "",
    first: str = "",
    last: str = "",
    step: Width = "day",
    values: list[str] = [],  # noqa: B006 - the kernel copies it for each call
    params: dict[str, Any] = {},  # noqa: B006 - the same
    parallel: int = 4,
    order: Direction = "asc",
    on_failure: OnFailure = "stop",
    priority: int | None = None,
) -> Backfill:
    """Run a pipeline for each value of one parameter: from `first` to `last` by `step`, or for `values`.

    Without a version it is the one that is deployed; if none is, the newest is deployed by this. That and
    the versions of its datasets are those of now for all partitions. At most `parallel` runs are open at a
    time. When one fails, `stop` begins no further one, and `go-on` does.

    Raises
    ------
    InvalidInput
        If a value does not fit its parameter; nothing is started then.
    """
    check_priority(priority)
    if not 1 <= parallel <= MAX_PARALLEL:
        raise InvalidInput(f"parallel is 1 to {MAX_PARALLEL}", field="parallel", why=f"it is {parallel}")
    version = _version(ctx, pipeline)
    pools.check(ctx.tx, (one.pool for one in version.graph.steps if one.pool))
    params = {identifier(name): value for name, value in params.items()}
    declared = {} if _has_version(pipeline) else default_params(ctx.tx, version)
    param = identifier(param) or _only(version.graph, declared | params)
    if param in params:
        raise InvalidInput(f"{param} is what the partitions differ in; it can't be given too", field="params")
    params = {name: value for name, value in declared.items() if name != param} | params
    keys = _keys(first, last, step, values)
    fixed = _checked(ctx, version, params, param, keys)
    made_id = new_id("bf")
    event = _tell(ctx, version, made_id, param=param, params=fixed, keys=keys, parallel=parallel)
    backfill = Backfill(
        id=made_id,
        pipeline=version.name,
        version=version.version,
        param=param,
        params=fixed,
        parallel=parallel,
        direction=order,
        on_failure=on_failure,
        priority=priority,
        state=BackfillState.RUNNING,
        event=event,
        begun_at=ctx.now(),
        created_at=ctx.now(),
        created_by=ctx.principal.name,
    )
    store.add(ctx.tx, backfill, keys if order == "asc" else keys[::-1])
    return store.get(ctx.tx, made_id)


def _version(ctx: Context, pipeline: str) -> PipelineVersion:
    if _has_version(pipeline):
        return pipelines.resolve(ctx.tx, pipeline, ctx.readable)
    name = refs.parse(pipeline, kind="pipeline").name
    ensure(ctx, name, why="the backfill")
    return deployed_version(ctx, name)


def _has_version(pipeline: str) -> bool:
    return refs.parse(pipeline, kind="pipeline").version is not None


def _tell(ctx: Context, version: PipelineVersion, made_id: str, *, keys: list[str], **data: Any) -> str:
    ref = refs.make("backfill", made_id)
    known = {"pipeline": version.name, "version": version.version, "partitions": len(keys)}
    ends = {"first": keys[0], "last": keys[-1]}
    told = ctx.emit(
        "backfill.started",
        ref,
        data={**known, **ends, **data},
        used=[version.ref],
        produced=[ref],
        project=refs.project_of(version.name),
    )
    return told.id


def _only(graph: Graph, params: dict[str, Any]) -> str:
    """Return the one parameter that must be given and is not."""
    left = [
        parameter.name
        for parameter in graph.parameters
        if parameter.required and parameter.name not in params
    ]
    if len(left) == 1:
        return left[0]
    names = ", ".join(parameter.name for parameter in graph.parameters)
    raise InvalidInput(
        "which parameter differs from partition to partition?",
        field="param",
        hint=f"name it: --param NAME; {graph.name} has {names or 'no parameters'}",
    )


def _keys(first: str, last: str, step: Width, values: list[str]) -> list[str]:
    if bool(values) == bool(first or last):
        raise InvalidInput(
            "give either a range or values", field="values", hint="--from and --to, or --values"
        )
    if not values:
        return keys_of(first, last, step)
    if len(values) > MAX_PARTITIONS:
        raise InvalidInput(f"there are more than {MAX_PARTITIONS:,} values", field="values")
    doubled = {value for value in values if values.count(value) > 1} if len(set(values)) < len(values) else ()
    if doubled:
        raise InvalidInput(
            f"{min(doubled)!r} is there twice", field="values", hint="each partition runs once"
        )
    return values


def _checked(
    ctx: Context, version: PipelineVersion, params: dict[str, Any], param: str, keys: list[str]
) -> dict[str, Any]:
    """Check all parameters of all partitions; return those that stay the same, datasets pinned."""
    graph = version.graph
    whole = parameters.convert(graph, {**params, param: keys[0]})
    differing = next(parameter for parameter in graph.parameters if parameter.name == param)
    # All of them now, rather than the ten-thousandth next week.
    for key in keys:
        parameters.convert_one(differing, key, graph.name)
        if differing.type == parameters.DATASET:
            pins.check_readable(ctx, version.name, key)
    for name, value in pins.of_datasets(graph, whole):
        if name != param:
            whole[name] = pins.spelled(version.name, pins.pin(ctx, version.name, value))
    return {name: value for name, value in whole.items() if name != param}
