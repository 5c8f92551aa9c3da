"""SQL of sweeps and trials, on an open transaction."""

from collections.abc import Collection, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, case, func, insert, or_, select, update

from meguru.base import refs
from meguru.errors import NotFound
from meguru.kernel.jobs.schema import job
from meguru.kernel.projects import condition
from meguru.storage.struct_rows import struct_of
from meguru.sweeps.schema import sweep, sweep_trial
from meguru.sweeps.types import Sweep, SweepState, Trial, TrialState

_DERIVED = {"ref", "best", "counts", "interrupted"}
_JOB_OVER = {"done", "failed", "cancelled", None}


def add(tx: Connection, made: Sweep) -> None:
    """Write a new sweep."""
    values = {key: value for key, value in msgspec.structs.asdict(made).items() if key not in _DERIVED}
    tx.execute(insert(sweep).values(values))


def change(tx: Connection, sweep_id: str, **values: Any) -> None:
    """Change a sweep."""
    tx.execute(update(sweep).where(sweep.c.id == sweep_id).values(values))


def hold(tx: Connection, text: str, now: datetime) -> Sweep:
    """Return a sweep, held until the transaction ends."""
    # In a statement of its own: PostgreSQL refuses FOR UPDATE with the outer joins that `get` reads.
    tx.execute(select(sweep.c.id).where(sweep.c.id == sweep_id(text)).with_for_update())
    return get(tx, text, now)


def get(tx: Connection, text: str, now: datetime, *, tallied: bool = True) -> Sweep:
    """Return a sweep by its id or reference, with its best trial.

    Not `tallied` it has no best trial and no counts, which are made of all trials: for who asks each second.
    """
    sweeps = _read(tx, select_sweeps().where(sweep.c.id == sweep_id(text)), now, tallied=tallied)
    if not sweeps:
        recent = tx.execute(select(sweep.c.id).order_by(sweep.c.id.desc()).limit(200)).scalars()
        raise NotFound.of("sweep", sweep_id(text), list(recent), hint="list them: meguru sweep list")
    return sweeps[0]


def project_of(tx: Connection, sweep_id: str) -> str | None:
    """Return the project of a sweep, which is its pipeline's; None if there is no such sweep."""
    name = tx.execute(select(sweep.c.pipeline).where(sweep.c.id == sweep_id)).scalar()
    return None if name is None else refs.project_of(name)


def page(
    tx: Connection,
    *,
    pipeline: str,
    before: str,
    limit: int,
    now: datetime,
    projects: AbstractSet[str] | None = None,
    state: str = "",
) -> list[Sweep]:
    """Return sweeps of some projects (None: all), newest first; with `state` only those in it."""
    query = (
        select_sweeps().where(condition(sweep.c.pipeline, projects)).order_by(sweep.c.id.desc()).limit(limit)
    )
    if pipeline:
        query = query.where(sweep.c.pipeline == pipeline)
    if before:
        query = query.where(sweep.c.id < before)
    if state:
        query = query.where(sweep.c.state == state)
    return _read(tx, query, now)


def sweep_id(text: str) -> str:
    """Read a sweep's id, or its reference."""
    return refs.parse(text, kind="sweep").name


def select_sweeps() -> Any:
    """Select sweeps with the state of their jobs."""
    return select(sweep, job.c.state.label("job_state"), job.c.lease_until).join(
        job, job.c.id == sweep.c.job, isouter=True
    )


def trials_among(tx: Connection, sweep_id: str, numbers: Collection[int], *, after: int) -> list[Trial]:
    """Return the trials of these numbers and those beyond one, by number."""
    table = sweep_trial.c
    query = select(sweep_trial).where(
        table.sweep == sweep_id, or_(table.number > after, table.number.in_(numbers))
    )
    return [_trial(row) for row in tx.execute(query.order_by(table.number))]


def running(tx: Connection, sweep_id: str) -> list[Trial]:
    """Return the trials of a sweep that run, by number."""
    table = sweep_trial.c
    mine = (table.sweep == sweep_id) & (table.state == TrialState.RUNNING.value)
    return [_trial(row) for row in tx.execute(select(sweep_trial).where(mine).order_by(table.number))]


def trials(tx: Connection, sweep_id: str, *, after: int = -1, limit: int | None = None) -> list[Trial]:
    """Return the trials of a sweep by number."""
    table = sweep_trial.c
    query = select(sweep_trial).where(table.sweep == sweep_id, table.number > after)
    return [_trial(row) for row in tx.execute(query.order_by(table.number).limit(limit))]


def put_trial(tx: Connection, trial: Trial, *, new: bool) -> None:
    """Write a trial, or write over it."""
    values = msgspec.structs.asdict(trial)
    if new:
        tx.execute(insert(sweep_trial).values(values))
        return
    mine = (sweep_trial.c.sweep == values.pop("sweep")) & (sweep_trial.c.number == values.pop("number"))
    tx.execute(update(sweep_trial).where(mine).values(values))


def trial_of(tx: Connection, run: str) -> Trial | None:
    """Return the trial that a pipeline run is; None if it is none."""
    row = tx.execute(select(sweep_trial).where(sweep_trial.c.run == run)).first()
    return None if row is None else _trial(row)


def best(tx: Connection, sweep_id: str, goal: str) -> Trial | None:
    """Return the trial with the best value, of equals the first; None while none has succeeded."""
    table = sweep_trial.c
    order = table.value.desc() if goal == "max" else table.value.asc()
    mine = (table.sweep == sweep_id) & (table.state == TrialState.SUCCEEDED.value) & table.value.is_not(None)
    row = tx.execute(select(sweep_trial).where(mine).order_by(order, table.number).limit(1)).first()
    return None if row is None else _trial(row)


def _read(tx: Connection, query: Any, now: datetime, *, tallied: bool = True) -> list[Sweep]:
    rows = tx.execute(query).all()
    if not tallied:
        return [_sweep(row, {}, None, now) for row in rows]
    ids = [row.id for row in rows]
    counts, leading = _counts(tx, ids), _leading(tx, ids)
    return [_sweep(row, counts.get(row.id, {}), leading.get(row.id), now) for row in rows]


def _leading(tx: Connection, ids: Sequence[str]) -> dict[str, Trial]:
    """Return the best trial of each of some sweeps, as `best` does."""
    table = sweep_trial.c
    worse_last = case((sweep.c.goal == "max", -table.value), else_=table.value)
    rank = func.row_number().over(partition_by=table.sweep, order_by=(worse_last, table.number))
    ranked = (
        select(sweep_trial, rank.label("rank"))
        .join(sweep, sweep.c.id == table.sweep)
        .where(table.sweep.in_(ids), table.state == TrialState.SUCCEEDED.value, table.value.is_not(None))
        .subquery()
    )
    columns = [ranked.c[column.name] for column in sweep_trial.columns]
    return {row.sweep: _trial(row) for row in tx.execute(select(*columns).where(ranked.c.rank == 1))}


def _counts(tx: Connection, ids: Sequence[str]) -> dict[str, dict[str, int]]:
    table = sweep_trial.c
    query = select(table.sweep, table.state, func.count()).where(table.sweep.in_(ids))
    found: dict[str, dict[str, int]] = {}
    for each, state, count in tx.execute(query.group_by(table.sweep, table.state)):
        found.setdefault(each, {})[state] = count
    return found


def _sweep(row: Row[Any], counts: dict[str, int], leading: Trial | None, now: datetime) -> Sweep:
    fields = {str(key): value for key, value in row._mapping.items()}
    job_state, until = fields.pop("job_state"), fields.pop("lease_until")
    gone = job_state in _JOB_OVER or (job_state == "running" and until is not None and until < now)
    fields |= {
        "ref": refs.make("sweep", row.id),
        "counts": counts,
        "interrupted": row.state == SweepState.RUNNING.value and gone,
    }
    return msgspec.structs.replace(struct_of(Sweep, fields), best=leading)


def _trial(row: Row[Any]) -> Trial:
    return msgspec.convert({str(key): value for key, value in row._mapping.items()}, Trial)
