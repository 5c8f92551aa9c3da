"""Start a sweep."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec

from meguru.base import refs
from meguru.base.ids import new_id
from meguru.base.names import identifier
from meguru.errors import InvalidInput
from meguru.kernel import events, jobs
from meguru.kernel.operations import Context, operation
from meguru.pipelines import parameters, pins, store
from meguru.pipelines.types import PipelineVersion
from meguru.sweeps import space as spaces
from meguru.sweeps import store as sweeps
from meguru.sweeps import suggest
from meguru.sweeps.types import Search, Space, Sweep, SweepState
from meguru.tracking.keys import check_keys

MAX_TRIALS = 10_000
DEFAULT_TRIALS = 50
MAX_PARALLEL = 64
ATTEMPTS = 100
"""How often a worker may die under a sweep: each time it got somewhere, for trials are runs of their own."""


@operation("sweep.start", permission="pipeline:write", on="pipeline", refers={"pipeline": "pipeline"})
def start(
    ctx: Context,
    *,
    pipeline: str,
    space: dict[str, Space],
    search: Search,
    params: dict[str, Any] = {},  # noqa: B006 - the kernel copies it for each call
) -> Sweep:
    """Start a sweep over a registered pipeline; a worker does it. All its trials run the same version.

    Datasets in `params` are pinned to the version they mean now.

    Raises
    ------
    NotFound
        If there is no such pipeline or dataset.
    InvalidInput
        If a range can't be searched or does not fit its parameter; nothing is started then.
    MissingDependency
        If the sampler or the pruner needs Optuna, and it is not installed.
    """
    if suggest.needs_optuna(search.sampler, search.pruner):
        suggest.check_installed()
    spaces.check(space)
    _check(search)
    is_grid = search.sampler == "grid"
    most = spaces.grid_size(space) if is_grid else MAX_TRIALS
    count = min(search.trials or (most if is_grid else DEFAULT_TRIALS), most)
    version = store.resolve(ctx.tx, pipeline, ctx.readable)
    space = {identifier(name): one for name, one in space.items()}
    fixed = _fixed(ctx, version, space, params)
    made_id = new_id("sweep")
    event = _tell(ctx, made_id, version, fixed, msgspec.structs.replace(search, trials=count))
    sweep = Sweep(
        **msgspec.structs.asdict(search) | {"trials": count},
        ref=event.subject,
        id=made_id,
        pipeline=version.name,
        version=version.version,
        state=SweepState.RUNNING,
        space=space,
        params=fixed,
        job=enqueue(ctx, made_id, 0, event.id).id,
        event=event.id,
        created_at=ctx.now(),
        created_by=ctx.principal.name,
        deadline=ctx.now() + timedelta(seconds=search.timeout) if search.timeout else None,
    )
    sweeps.add(ctx.tx, sweep)
    return sweeps.get(ctx.tx, made_id, ctx.now())


def _tell(
    ctx: Context, made_id: str, version: PipelineVersion, fixed: dict[str, Any], search: Search
) -> events.Event:
    ref = refs.make("sweep", made_id)
    names = ("trials", "metric", "goal", "sampler", "pruner", "seed")
    return ctx.emit(
        "sweep.started",
        ref,
        data={
            "pipeline": version.name,
            "version": version.version,
            **{name: getattr(search, name) for name in names},
        },
        used=[version.ref, *_datasets(version, fixed)],
        produced=[ref],
        project=refs.project_of(version.name),
    )


def enqueue(ctx: Context, sweep_id: str, turn: int, cause: str) -> jobs.Job:
    """Promise the work on a sweep."""
    return jobs.enqueue(
        ctx,
        kind="sweep",
        key=f"{sweep_id}.{turn}",
        payload={"sweep": sweep_id},
        cause=cause,
        max_attempts=ATTEMPTS,
    )


def check_count(field: str, value: float, most: float) -> None:
    """Raise InvalidInput unless a count is 1 to `most`."""
    if not 1 <= value <= most:
        raise InvalidInput(f"{field} can't be {value}", why=f"1 to {most:,}", field=field)


def _check(search: Search) -> None:
    check_keys("metric", [search.metric])
    check_count("trials", 1 if search.trials is None else search.trials, MAX_TRIALS)
    check_count("parallel", search.parallel, MAX_PARALLEL)
    check_timeout(search.timeout)
    if not 0 <= search.max_failed <= MAX_TRIALS:
        raise InvalidInput(
            f"max_failed can't be {search.max_failed}", why=f"0 to {MAX_TRIALS:,}", field="search.max_failed"
        )


def check_timeout(timeout: float | None) -> None:
    """Raise InvalidInput unless a sweep may have this time limit."""
    if timeout is not None and not 0 < timeout <= 366 * 86_400:
        raise InvalidInput(
            f"timeout can't be {timeout} s", why="more than 0 s, a year at most", field="timeout"
        )


def _fixed(
    ctx: Context, version: PipelineVersion, space: dict[str, Space], params: dict[str, Any]
) -> dict[str, Any]:
    params = {identifier(name): value for name, value in params.items()}
    both = sorted(space.keys() & params.keys())
    if both:
        raise InvalidInput(f"{both[0]} is both searched and given", field=f"params.{both[0]}")
    first = next(spaces.samples(space))
    values: dict[str, Any] = {}
    for sample in spaces.samples(space):
        values = parameters.convert(version.graph, params | first | sample)
        for _, searched in pins.of_datasets(version.graph, sample):
            pins.check_readable(ctx, version.name, searched)
    for name, value in pins.of_features(version.graph, values):
        pinned = pins.pin_features(ctx, version.name, value)
        if name not in space and pinned.ref.startswith("feature_service/"):
            values[name] = pins.spelled(version.name, pinned)
    for name, value in pins.of_datasets(version.graph, values):
        if name not in space:
            values[name] = pins.spelled(version.name, pins.pin(ctx, version.name, value))
    return {name: value for name, value in values.items() if name not in space}


def _datasets(version: PipelineVersion, fixed: dict[str, Any]) -> list[str]:
    return [str(refs.parse(value)) for _, value in pins.of_datasets(version.graph, fixed)]
