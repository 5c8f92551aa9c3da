"""Which job is next: an index lookup for each way in which a job can be due.

What a lookup costs does not grow with the jobs that have ended, nor with those that wait. Jobs of lanes that
may not or should not be claimed from can lie before the one to claim: past the first 200 of them, the head of
each lane is read instead, which costs as much as there are lanes with queued jobs.
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
class ClaimFilter:
    """Which jobs a claim may take; none of `closed_lanes`.

    Of two jobs of the same priority, one whose lane is not among `busy_lanes` goes first, so that one
    pipeline's thousand runs can't keep all others out. `skipped` are jobs that other workers claim now.
    """

    now: datetime
    kinds: list[str]
    job_id: str | None
    closed_lanes: set[str]
    busy_lanes: set[str] = field(default_factory=set)
    skipped: set[str] = field(default_factory=set)

    def where(self, *conditions: ColumnElement[bool]) -> Select[Any]:
        """Select jobs of these kinds by these conditions too, whatever their lane."""
        query = select(job.c.id, job.c.lane, job.c.priority, job.c.not_before, job.c.state)
        query = query.where(*conditions, job.c.kind.in_(self.kinds))
        if self.skipped:
            query = query.where(job.c.id.not_in(self.skipped))
        return query if self.job_id is None else query.where(job.c.id == self.job_id)


def choose(tx: Connection, wanted: ClaimFilter, *, lock: bool) -> Row[Any] | None:
    """Return the job to claim next, locked if need be; None when none is due."""
    while True:
        # Work that somebody began comes first: of what is queued nothing is half done.
        chosen = (
            _first(tx, expired_leases(wanted)) or _first(tx, expired_parkings(wanted)) or _queued(tx, wanted)
        )
        if chosen is None or not lock or _locked(tx, chosen, wanted.now):
            return chosen
        wanted.skipped.add(chosen.id)


def is_anything_due(tx: Connection, wanted: ClaimFilter) -> bool:
    """Tell whether a job is due, whatever its lane: each event wakes all workers, and most find nothing."""
    queries = (expired_leases(wanted), expired_parkings(wanted), due_jobs(wanted, 1))
    ids = [select(query.subquery().c.id) for query in queries]
    return tx.execute(union_all(*ids).limit(1)).first() is not None


def next_moment(tx: Connection, now: datetime) -> datetime | None:
    """Return when the next job of any kind becomes due, or a lease runs out; None if no time will do that."""
    moments = [
        select(moment.label("moment")).where(job.c.state == state, moment > now).order_by(moment).limit(1)
        for state, moment in (
            (JobState.QUEUED, job.c.not_before),
            (JobState.PARKED, job.c.not_before),
            (JobState.RUNNING, job.c.lease_until),
        )
    ]
    first = union_all(*(select(each.subquery().c.moment) for each in moments)).subquery()
    return tx.execute(select(func.min(first.c.moment, type_=job.c.not_before.type))).scalar()


def _queued(tx: Connection, wanted: ClaimFilter) -> Row[Any] | None:
    if wanted.job_id is not None:
        return _first(tx, first_allowed(due_jobs(wanted, 1), wanted))
    head = _first(tx, due_jobs(wanted, 1))
    if head is None or head.lane not in wanted.closed_lanes | wanted.busy_lanes:
        return head
    near = _first(tx, first_allowed(due_jobs(wanted, WINDOW), wanted))
    if near is not None and near.lane not in wanted.busy_lanes:
        return near
    return _first(tx, first_allowed(lane_heads(wanted), wanted))


def due_jobs(wanted: ClaimFilter, limit: int) -> Select[Any]:
    """Return the query for the queued jobs that are next, whatever their lane."""
    query = wanted.where(job.c.state == JobState.QUEUED, job.c.not_before <= wanted.now)
    return query.order_by(job.c.priority.desc(), job.c.not_before, job.c.id).limit(limit)


def lane_heads(wanted: ClaimFilter) -> Select[Any]:
    """Return the query for the job that is next of each lane."""
    # A loose index scan: each step of the recursion jumps to the first entry of the next lane. DISTINCT or
    # GROUP BY would read every queued job, as neither SQLite nor PostgreSQL skips within an index by itself.
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
    if wanted.skipped:
        head = head.where(mine.c.id.not_in(wanted.skipped))
    return wanted.where().select_from(lanes.join(job, job.c.id == head.scalar_subquery()))


def first_allowed(query: Select[Any], wanted: ClaimFilter) -> Select[Any]:
    """Return the query for the one of these jobs to claim: highest priority, lane not busy, oldest."""
    of = query.subquery("due")
    chosen = select(of)
    if wanted.closed_lanes:
        chosen = chosen.where(of.c.lane.not_in(wanted.closed_lanes))
    busy = of.c.lane.in_(wanted.busy_lanes) if wanted.busy_lanes else literal(0)
    return chosen.order_by(of.c.priority.desc(), busy, of.c.not_before, of.c.id).limit(1)


def expired_leases(wanted: ClaimFilter) -> Select[Any]:
    """Return the query for a running job whose heartbeats stopped: its lease has run out."""
    query = wanted.where(job.c.state == JobState.RUNNING, job.c.lease_until < wanted.now)
    if wanted.closed_lanes:
        query = query.where(job.c.lane.not_in(wanted.closed_lanes))
    return query.order_by(job.c.lease_until).limit(1)


def expired_parkings(wanted: ClaimFilter) -> Select[Any]:
    """Return the query for a parked job that nobody woke in time."""
    query = wanted.where(job.c.state == JobState.PARKED, job.c.not_before <= wanted.now)
    if wanted.closed_lanes:
        query = query.where(job.c.lane.not_in(wanted.closed_lanes))
    return query.order_by(job.c.not_before).limit(1)


def _first(tx: Connection, query: Select[Any]) -> Row[Any] | None:
    return tx.execute(query).first()


def _locked(tx: Connection, chosen: Row[Any], now: datetime) -> bool:
    """Keep a job from other claims until the transaction ends; False if it is no longer as it was chosen."""
    query = select(job.c.id).where(job.c.id == chosen.id, job.c.state == chosen.state)
    if chosen.state == JobState.RUNNING:
        query = query.where(job.c.lease_until < now)
    # A row that another claim has locked is passed over, not waited for: workers would else queue for the
    # same first job, and find it claimed. The state is asked for again, as the row was chosen before it was
    # locked.
    return tx.execute(query.with_for_update(skip_locked=True)).first() is not None
