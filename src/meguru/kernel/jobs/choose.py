"""Which job is next: a look at an index for each way in which a job can be due.

What a look costs does not grow with the jobs that have ended, nor with those that wait. Jobs of lanes that
may not or should not be taken from can lie before the one to take: past the first 200 of them, the heads of
the lanes are looked at instead, which costs as much as there are lanes with waiting jobs.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, func, literal, select, union_all

from meguru.kernel.jobs.schema import job
from meguru.kernel.jobs.types import JobState

WINDOW = 200


@dataclass
class Wanted:
    """Which jobs a claim may take; `closed` are the lanes that it may not take one of.

    Of two jobs of the same priority, one whose lane is not `busy` goes first, so that one pipeline's thousand
    runs can't keep all others out. `taken` are jobs that others are taking just now.
    """

    now: datetime
    kinds: list[str]
    job_id: str | None
    closed: set[str]
    busy: set[str] = field(default_factory=set)
    taken: set[str] = field(default_factory=set)

    def where(self, *conditions: ColumnElement[bool]) -> Select[Any]:
        """Select jobs of these kinds by these conditions too, whatever their lane."""
        query = select(job.c.id, job.c.lane, job.c.priority, job.c.not_before, job.c.state)
        query = query.where(*conditions, job.c.kind.in_(self.kinds))
        if self.taken:
            query = query.where(job.c.id.not_in(self.taken))
        return query if self.job_id is None else query.where(job.c.id == self.job_id)


def choose(tx: Connection, wanted: Wanted, *, lock: bool) -> Row[Any] | None:
    """Return the job to claim next, locked if need be; None when none is due."""
    while True:
        chosen = _first(tx, silent(wanted)) or _first(tx, parked(wanted)) or _waiting(tx, wanted)
        if chosen is None or not lock or _locked(tx, chosen, wanted.now):
            return chosen
        wanted.taken.add(chosen.id)


def is_anything_due(tx: Connection, wanted: Wanted) -> bool:
    """Tell whether a job is due, whatever its lane: each event wakes all workers, and most find nothing."""
    looks = (silent(wanted), parked(wanted), waiting(wanted, 1))
    ids = [select(look.subquery().c.id) for look in looks]
    return tx.execute(union_all(*ids).limit(1)).first() is not None


def _waiting(tx: Connection, wanted: Wanted) -> Row[Any] | None:
    if wanted.job_id is not None:
        return _first(tx, open_lanes(waiting(wanted, 1), wanted))
    head = _first(tx, waiting(wanted, 1))
    if head is None or head.lane not in wanted.closed | wanted.busy:
        return head
    near = _first(tx, open_lanes(waiting(wanted, WINDOW), wanted))
    if near is not None and near.lane not in wanted.busy:
        return near
    return _first(tx, open_lanes(heads(wanted), wanted))


def waiting(wanted: Wanted, limit: int) -> Select[Any]:
    """Return the query for the queued jobs that are next, whatever their lane."""
    query = wanted.where(job.c.state == JobState.QUEUED, job.c.not_before <= wanted.now)
    return query.order_by(job.c.priority.desc(), job.c.not_before, job.c.id).limit(limit)


def heads(wanted: Wanted) -> Select[Any]:
    """Return the query for the job that is next of each lane; its index leads from one lane to the next."""
    queued = job.c.state == JobState.QUEUED
    lanes = select(func.min(job.c.lane).label("lane")).where(queued).cte("lanes", recursive=True)
    other = job.alias()
    following = (
        select(func.min(other.c.lane))
        .where(other.c.state == JobState.QUEUED, other.c.lane > lanes.c.lane)
        .correlate(lanes)
        .scalar_subquery()
    )
    lanes = lanes.union_all(select(following).where(lanes.c.lane.is_not(None)))
    mine = job.alias()
    head = (
        select(mine.c.id)
        .where(mine.c.state == JobState.QUEUED, mine.c.lane == lanes.c.lane)
        .where(mine.c.not_before <= wanted.now, mine.c.kind.in_(wanted.kinds))
        .order_by(mine.c.priority.desc(), mine.c.not_before, mine.c.id)
        .limit(1)
        .correlate(lanes)
    )
    if wanted.taken:
        head = head.where(mine.c.id.not_in(wanted.taken))
    return wanted.where().select_from(lanes.join(job, job.c.id == head.scalar_subquery()))


def open_lanes(query: Select[Any], wanted: Wanted) -> Select[Any]:
    """Return the query for the one of these jobs to take: highest priority, lane not busy, oldest."""
    of = query.subquery("due")
    chosen = select(of)
    if wanted.closed:
        chosen = chosen.where(of.c.lane.not_in(wanted.closed))
    busy = of.c.lane.in_(wanted.busy) if wanted.busy else literal(0)
    return chosen.order_by(of.c.priority.desc(), busy, of.c.not_before, of.c.id).limit(1)


def silent(wanted: Wanted) -> Select[Any]:
    """Return the query for a running job whose worker has been silent for too long."""
    query = wanted.where(job.c.state == JobState.RUNNING, job.c.lease_until < wanted.now)
    if wanted.closed:
        query = query.where(job.c.lane.not_in(wanted.closed))
    return query.order_by(job.c.lease_until).limit(1)


def parked(wanted: Wanted) -> Select[Any]:
    """Return the query for a parked job that nobody woke in time."""
    query = wanted.where(job.c.state == JobState.PARKED, job.c.not_before <= wanted.now)
    if wanted.closed:
        query = query.where(job.c.lane.not_in(wanted.closed))
    return query.order_by(job.c.not_before).limit(1)


def _first(tx: Connection, query: Select[Any]) -> Row[Any] | None:
    return tx.execute(query).first()


def _locked(tx: Connection, chosen: Row[Any], now: datetime) -> bool:
    """Keep a job from other claims until the transaction ends; False if it is no longer as it was chosen."""
    query = select(job.c.id).where(job.c.id == chosen.id, job.c.state == chosen.state)
    if chosen.state == JobState.RUNNING:
        query = query.where(job.c.lease_until < now)
    # What another claim holds is passed over, not waited for: workers would else queue for the same first
    # job.
    return tx.execute(query.with_for_update(skip_locked=True)).first() is not None
