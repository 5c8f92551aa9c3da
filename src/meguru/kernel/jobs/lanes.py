"""Lanes: what jobs share the workers with, and how many of a lane may run at a time (its concurrency limit).

A lane's slot is held by a running job whose lease has not run out. No semaphore is counted up and down, so
that a dead worker's slot is free as soon as its lease is over.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, and_, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from meguru.errors import InvalidInput
from meguru.kernel.jobs.schema import job, lane_limit
from meguru.kernel.jobs.types import JobState


class Lanes(NamedTuple):
    """The lanes in which a job runs now, and those of them that have no slot left."""

    busy: set[str]
    full: set[str]


def set_limit(tx: Connection, lane: str, max_running: int | None) -> None:
    """Let at most `max_running` jobs of a lane run at a time, from now on; None takes the limit away."""
    if max_running is None:
        tx.execute(delete(lane_limit).where(lane_limit.c.lane == lane))
        return
    if max_running < 1:
        raise InvalidInput("a limit is one or more", field="max_running", why=f"it is {max_running}")
    known = tx.execute(select(lane_limit.c.max_running).where(lane_limit.c.lane == lane)).scalar()
    if known is None:
        try:
            with tx.begin_nested():
                tx.execute(insert(lane_limit).values(lane=lane, max_running=max_running))
        except IntegrityError:  # another server made it just now
            known = 0
    if known is not None and known != max_running:
        tx.execute(update(lane_limit).where(lane_limit.c.lane == lane).values(max_running=max_running))


def occupied(tx: Connection, now: datetime) -> Lanes:
    """Return the lanes that are busy, and those that are full; it costs as much as there are running jobs."""
    held = {row.lane: row.held for row in tx.execute(running_by_lane(now))}
    limits = tx.execute(select(lane_limit).where(lane_limit.c.lane.in_(held))) if held else ()
    return Lanes(busy=set(held), full={row.lane for row in limits if held[row.lane] >= row.max_running})


def running_by_lane(now: datetime) -> Select[Any]:
    """Return the query for the number of running jobs of each lane."""
    return select(job.c.lane, func.count().label("held")).where(_running(now)).group_by(job.c.lane)


def reserve(tx: Connection, lane: str, now: datetime) -> bool:
    """Tell whether a lane has a slot, and keep others from taking it until the (write) transaction ends."""
    query = select(lane_limit.c.max_running).where(lane_limit.c.lane == lane).with_for_update()
    max_running = tx.execute(query).scalar()
    if max_running is None:
        return True
    # Counted after the lock: whoever held it before has committed, and is counted.
    held = select(func.count()).select_from(job).where(_running(now), job.c.lane == lane)
    return bool(tx.execute(held).scalar_one() < max_running)


def _running(now: datetime) -> ColumnElement[bool]:
    return and_(job.c.state == JobState.RUNNING, job.c.lease_until >= now)
