"""SQL of pools, on an open transaction: take a place, give it back.

A place belongs to one attempt at a job. It counts while that attempt holds its lease, so that the place of
a worker that died is free as soon as the lease is over, and of one that was fenced off at once.

The engine calls, in the transaction in which it marks a step running::

    if step.pool and not pools.take(tx, step.pool, one.id, lease.job, now):
        ...  # leave the step waiting; ask again on the next turn, and at least once a second

and, in the transaction in which it writes that the step ended (succeeded, failed, to be tried again)::

    pools.release(tx, one.id)

`take` in the same attempt again is True and takes nothing more; `release` of what holds none does nothing.
When the run's job ends, is parked or cancelled, its places are free without a call.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import msgspec
from sqlalchemy import ColumnElement, Connection, and_, delete, exists, func, insert, select, update

from meguru.base.names import normal
from meguru.errors import NotFound, near_misses
from meguru.kernel.jobs import Job, JobState
from meguru.kernel.jobs.schema import job
from meguru.pipelines.pools.schema import pool, pool_place
from meguru.pipelines.pools.types import Pool, PoolPlace


def take(tx: Connection, name: str, holder: str, held: Job, now: datetime) -> bool:
    """Take a place of a pool for `holder`, a step run of the job `held`; False if there is none free.

    Raises
    ------
    NotFound
        If there is no such pool.
    """
    slots = tx.execute(select(pool.c.slots).where(pool.c.name == name).with_for_update()).scalar()
    if slots is None:
        raise missing(tx, name)
    mine = pool_place.c.holder == holder
    # Counted after the lock: whoever held the pool before has committed. The dead are cleared away here.
    tx.execute(delete(pool_place).where((pool_place.c.pool == name) & ~_alive(now)))
    tx.execute(delete(pool_place).where(mine & ((pool_place.c.pool != name) | ~_of(held))))
    if tx.execute(select(pool_place.c.holder).where(mine)).first() is not None:
        return True
    held_now = select(func.count()).select_from(pool_place).where(pool_place.c.pool == name)
    if tx.execute(held_now).scalar_one() >= slots:
        return False
    place = PoolPlace(pool=name, holder=holder, job=held.id, attempt=held.attempt, taken_at=now)
    tx.execute(insert(pool_place).values(msgspec.structs.asdict(place)))
    return True


def release(tx: Connection, holder: str) -> None:
    """Give back the place that `holder` has; nothing happens if it has none."""
    tx.execute(delete(pool_place).where(pool_place.c.holder == holder))


def check(tx: Connection, names: Iterable[str]) -> None:
    """Raise NotFound, with near misses, if one of these pools is not there."""
    wanted = sorted(set(names))
    there = set(tx.execute(select(pool.c.name).where(pool.c.name.in_(wanted))).scalars()) if wanted else set()
    for name in wanted:
        if name not in there:
            raise missing(tx, name)


def missing(tx: Connection, name: str) -> NotFound:
    """Return the error for a pool that is not there."""
    known = list(tx.execute(select(pool.c.name)).scalars())
    made = f"meguru pool set {name} SLOTS"
    close = near_misses(name, known)
    hint = f"did you mean {close[0]!r}? else make it: {made}" if close else f"make it: {made}"
    return NotFound.of("pool", name, known, hint=hint)


def put(tx: Connection, name: str, slots: int, now: datetime) -> None:
    """Make a pool, or change how many places it has."""
    if tx.execute(update(pool).where(pool.c.name == name).values(slots=slots)).rowcount == 0:
        tx.execute(insert(pool).values(name=name, slots=slots, created_at=now))


def remove(tx: Connection, name: str) -> None:
    """Take a pool away, with its places."""
    tx.execute(delete(pool_place).where(pool_place.c.pool == name))
    tx.execute(delete(pool).where(pool.c.name == name))


def slots_of(tx: Connection, name: str) -> int | None:
    """Return how many places a pool has; None if there is none of this name."""
    return tx.execute(select(pool.c.slots).where(pool.c.name == name)).scalar()


def find(tx: Connection, name: str, now: datetime) -> Pool | None:
    """Return a pool with the places that are taken now; None if there is none of this name."""
    row = tx.execute(select(pool).where(pool.c.name == normal(name))).first()
    return None if row is None else Pool(**row._mapping, taken=_taken(tx, now, pool_place.c.pool == name))


def names(tx: Connection) -> list[str]:
    """Return the names of all pools."""
    return list(tx.execute(select(pool.c.name).order_by(pool.c.name)).scalars())


def every(tx: Connection, now: datetime) -> list[Pool]:
    """Return every pool by name, with the places that are taken now."""
    taken = _taken(tx, now)
    rows = tx.execute(select(pool).order_by(pool.c.name))
    return [Pool(**row._mapping, taken=[place for place in taken if place.pool == row.name]) for row in rows]


def _taken(tx: Connection, now: datetime, *conditions: ColumnElement[bool]) -> list[PoolPlace]:
    query = select(pool_place).where(_alive(now), *conditions).order_by(pool_place.c.taken_at)
    return [PoolPlace(**row._mapping) for row in tx.execute(query)]


def _of(held: Job) -> ColumnElement[bool]:
    return and_(pool_place.c.job == held.id, pool_place.c.attempt == held.attempt)


def _alive(now: datetime) -> ColumnElement[bool]:
    """Tell whether the attempt that took a place still holds its lease."""
    return exists().where(
        job.c.id == pool_place.c.job,
        job.c.attempt == pool_place.c.attempt,
        job.c.state == JobState.RUNNING,
        job.c.lease_until >= now,
    )
