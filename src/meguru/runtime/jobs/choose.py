"""Which job is next: one look at an index for each way in which a job can be due."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, select

from meguru.runtime.jobs.schema import job
from meguru.runtime.jobs.types import JobState


@dataclass
class Wanted:
    """Which jobs a claim may take; `closed` are the lanes that it may not take one of."""

    now: datetime
    kinds: list[str]
    job_id: str | None
    closed: set[str]

    def where(self, *conditions: ColumnElement[bool]) -> Select[Any]:
        """Select jobs by these conditions too."""
        query = select(job.c.id, job.c.lane, job.c.priority).where(*conditions, job.c.kind.in_(self.kinds))
        if self.job_id is not None:
            query = query.where(job.c.id == self.job_id)
        return (query.where(job.c.lane.not_in(self.closed)) if self.closed else query).limit(1)


def choose(tx: Connection, wanted: Wanted, busy: set[str], *, lock: bool) -> Row[Any] | None:
    """Return the job to claim next, locked if need be; None when none is due.

    Whoever has nothing running goes first among equals, so that one pipeline's thousand runs can't keep
    all others out.
    """

    def first(query: Select[Any]) -> Row[Any] | None:
        return tx.execute(query.with_for_update(skip_locked=True) if lock else query).first()

    chosen = first(silent(wanted)) or first(parked(wanted)) or first(waiting(wanted))
    if chosen is None or chosen.lane not in busy:
        return chosen
    fair = waiting(wanted, job.c.priority == chosen.priority, job.c.lane.not_in(busy))
    return first(fair) or chosen


def waiting(wanted: Wanted, *more: ColumnElement[bool]) -> Select[Any]:
    """Return the query for the queued job that is next."""
    query = wanted.where(job.c.state == JobState.QUEUED, job.c.not_before <= wanted.now, *more)
    return query.order_by(job.c.priority.desc(), job.c.not_before, job.c.id)


def silent(wanted: Wanted) -> Select[Any]:
    """Return the query for a running job whose worker has been silent for too long."""
    query = wanted.where(job.c.state == JobState.RUNNING, job.c.lease_until < wanted.now)
    return query.order_by(job.c.lease_until)


def parked(wanted: Wanted) -> Select[Any]:
    """Return the query for a parked job that nobody woke in time."""
    query = wanted.where(job.c.state == JobState.PARKED, job.c.not_before <= wanted.now)
    return query.order_by(job.c.not_before)
