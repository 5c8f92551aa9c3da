"""What was used, summed in the database: by steps of pipelines, by endpoints, by what is kept."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Connection, and_, case, func, not_, or_, select, union_all

from meguru.costs.types import ResourceUse
from meguru.datasets.schema import dataset_version
from meguru.kernel.projects import condition
from meguru.pipelines.schema import pipeline_run, step_run
from meguru.pipelines.types import StepState
from meguru.registry.schema import model_version
from meguru.serving.traffic.schema import endpoint_traffic

_DAY = 86_400.0
_GB = 1e9
# A mapped step's own row stands for its calls, which have rows and measures of their own.
_COUNTED = step_run.c["items"].is_(None)
# Of what is tried again one row has the use of all attempts, and the moment at which the last one ended.
_OPEN = step_run.c.state.in_([StepState.RUNNING.value, StepState.WAITING.value, StepState.ASKING.value])
_CANCELLED = timedelta(hours=1)
"""A run that is cancelled ends before its steps do, by so much at most."""


class StepSum(NamedTuple):
    """What the steps of one person's runs of one pipeline used."""

    pipeline: str
    person: str
    runs: int
    unmeasured: int
    use: ResourceUse


class EndpointSum(NamedTuple):
    """What an endpoint used, and how many rows it answered."""

    endpoint: str
    predictions: int
    use: ResourceUse


def of_steps(
    tx: Connection,
    since: datetime,
    until: datetime,
    *,
    projects: AbstractSet[str] | None,
    settled: bool = False,
    open_since: datetime | None = None,
) -> list[StepSum]:
    """Return what steps used that ended in a time, by pipeline and by who started the run.

    Only `settled` ones, of which no more attempt is made; or also those of which one may be, and the attempt
    before ended between `open_since` and the time.
    """
    s, r = step_run.c, pipeline_run.c
    within = and_(s.finished_at >= since, s.finished_at < until)
    if settled:
        within = and_(within, not_(_OPEN))
    if open_since is not None:
        within = or_(within, and_(_OPEN, s.finished_at >= open_since, s.finished_at < until))
    # A bound on runs beside the one on steps, which have no index of their moments. As two looks into the
    # index of the runs': with an OR the planner reads all runs there ever were.
    earlier = since - _CANCELLED if since.year > 1 else since
    ended = select(r.id).where(r.finished_at >= earlier)
    alive = r.id.in_(union_all(ended, select(r.id).where(r.finished_at.is_(None))))
    query = (
        select(
            r.pipeline,
            r.created_by,
            func.count(func.distinct(r.id)),
            func.sum(case((and_(s.attempt > 0, s.cpu_seconds.is_(None)), 1), else_=0)),
            func.sum(s.cpu_seconds),
            func.sum(s.gpu_seconds),
            func.sum(s.memory_gb_seconds),
        )
        .join(step_run, s.run == r.id)
        .where(alive, within, _COUNTED, condition(r.pipeline, projects))
        .group_by(r.pipeline, r.created_by)
    )
    return [
        StepSum(pipeline, person, runs, int(unmeasured or 0), _steps(cpu, gpu, memory))
        for pipeline, person, runs, unmeasured, cpu, gpu, memory in tx.execute(query)
    ]


def of_runs(tx: Connection, ids: Sequence[str]) -> dict[str, tuple[int, ResourceUse]]:
    """Return, for runs, how many of their steps could not be measured, and what the others used."""
    s, found = step_run.c, {}
    for first in range(0, len(ids), 500):  # SQLite takes a bounded number of variables in one statement
        query = (
            select(
                s.run,
                func.sum(case((and_(s.attempt > 0, s.cpu_seconds.is_(None)), 1), else_=0)),
                func.sum(s.cpu_seconds),
                func.sum(s.gpu_seconds),
                func.sum(s.memory_gb_seconds),
            )
            .where(s.run.in_(list(ids[first : first + 500])), _COUNTED)
            .group_by(s.run)
        )
        for run, unmeasured, cpu, gpu, memory in tx.execute(query):
            found[run] = (int(unmeasured or 0), _steps(cpu, gpu, memory))
    return found


def of_endpoints(
    tx: Connection, since: datetime, until: datetime, *, projects: AbstractSet[str] | None
) -> list[EndpointSum]:
    """Return what endpoints used in a time, to a minute (an hour, of what is older than two days)."""
    t = endpoint_traffic.c
    query = (
        select(t.endpoint, func.sum(t.rows), func.sum(t.cpu))
        .where(t.start >= since, t.start < until, condition(t.endpoint, projects))
        .group_by(t.endpoint)
    )
    return [
        EndpointSum(endpoint, int(rows or 0), ResourceUse(cpu_seconds=float(cpu or 0.0)))
        for endpoint, rows, cpu in tx.execute(query)
    ]


def of_datasets(
    tx: Connection, since: datetime, until: datetime, *, projects: AbstractSet[str] | None
) -> dict[str, ResourceUse]:
    """Return what keeping datasets' versions took, each as if it were kept whole."""
    v = dataset_version.c
    here = condition(v.name, projects)
    still = or_(v.freed_at.is_(None), v.freed_at > since)
    # A removed version costs until its bytes are freed; one that is read where it lies costs nothing here.
    query = select(v.name, v.bytes, v.created_at, v.freed_at).where(
        here, v.created_at < until, still, v.remote_environment == ""
    )
    rows = ((name, size, began, ended) for name, size, began, ended in tx.execute(query))
    return _kept(rows, since, until)


def of_models(
    tx: Connection, since: datetime, until: datetime, *, projects: AbstractSet[str] | None
) -> dict[str, ResourceUse]:
    """Return what keeping models' versions took."""
    v = model_version.c
    query = select(v.name, v.size, v.created_at).where(v.created_at < until, condition(v.name, projects))
    return _kept(((name, size, began, None) for name, size, began in tx.execute(query)), since, until)


def training_runs(
    tx: Connection, since: datetime, until: datetime, *, projects: AbstractSet[str] | None
) -> list[tuple[str, str]]:
    """Return the models of which versions were made in a time, each with the reference of its run, once."""
    v = model_version.c
    query = select(v.name, v.run_ref).where(
        v.created_at >= since, v.created_at < until, v.run_ref != "", condition(v.name, projects)
    )
    return [tuple(row) for row in tx.execute(query.distinct().order_by(v.name, v.run_ref))]


def _kept(
    rows: Iterable[tuple[str, int, datetime, datetime | None]], since: datetime, until: datetime
) -> dict[str, ResourceUse]:
    uses: dict[str, ResourceUse] = {}
    for name, size, began, ended in rows:
        seconds = (min(ended or until, until) - max(began, since)).total_seconds()
        if seconds > 0:
            days = size / _GB * seconds / _DAY
            uses[name] = uses.get(name, ResourceUse()) + ResourceUse(storage_gb_days=days)
    return uses


def _steps(cpu: float | None, gpu: float | None, memory: float | None) -> ResourceUse:
    return ResourceUse(
        cpu_seconds=float(cpu or 0.0), gpu_seconds=float(gpu or 0.0), memory_gb_seconds=float(memory or 0.0)
    )
