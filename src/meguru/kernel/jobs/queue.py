"""The rows of the queue: enqueue, claim, extend, finish."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Connection, Row, and_, insert, select, update

from meguru.base.ids import new_id
from meguru.errors import NotFound
from meguru.kernel.jobs import lanes
from meguru.kernel.jobs.choose import ClaimFilter, choose, is_anything_due, next_moment
from meguru.kernel.jobs.schema import job
from meguru.kernel.jobs.types import Job, JobState
from meguru.storage.db.raw import RawSql

if TYPE_CHECKING:
    from meguru.kernel.operations import Context

OPEN = (JobState.QUEUED, JobState.RUNNING, JobState.PARKED)
CHANNEL = "jobs"
"""Notified when there may be a job to claim."""
NEVER = datetime(9999, 1, 1, tzinfo=UTC)


_OWN_JOB = "SELECT 1 FROM job WHERE id = ? AND state = ? AND attempt = ? AND lease_owner = ?"


def enqueue(
    ctx: Context,
    *,
    kind: str,
    key: str,
    payload: dict[str, Any],
    cause: str | None = None,
    max_attempts: int = 5,
    not_before: datetime | None = None,
    priority: int = 0,
    lane: str = "",
) -> Job:
    """Promise a job in the open transaction; a job that already has this kind and key is returned.

    Without a `lane` it shares the workers with all jobs of its kind.
    """
    tx = ctx.tx
    known = tx.execute(select(job).where(job.c.kind == kind, job.c.key == key)).first()
    if known is not None:
        return from_row(known)
    now = ctx.now()
    row = {
        "id": new_id("job"),
        "kind": kind,
        "key": key,
        "payload": payload,
        "state": JobState.QUEUED.value,
        "attempt": 0,
        "max_attempts": max_attempts,
        "created_at": now,
        "not_before": not_before or now,
        "cause": cause or ctx.cause,
        "priority": priority,
        "lane": lane or kind,
    }
    ctx.notify(CHANNEL)
    return from_row(tx.execute(insert(job).values(row).returning(job)).one())


def find(tx: Connection, job_id: str) -> Job:
    """Return the job with this id."""
    row = tx.execute(select(job).where(job.c.id == job_id)).first()
    if row is None:
        raise NotFound.of("job", job_id)
    return from_row(row)


def claim(
    tx: Connection,
    *,
    owner: str,
    now: datetime,
    lease: timedelta,
    kinds: Iterable[str],
    job_id: str | None = None,
    avoid: Iterable[str] = (),
) -> Job | None:
    """Take the next due job of these kinds, or the named one; None when there is none to take.

    The highest priority goes first, then a lane in which nothing runs, then the oldest. A lane that has as
    many running jobs as it may is passed over, and so is one to `avoid`.
    """
    found = lanes.occupied(tx, now)
    wanted = ClaimFilter(now, list(kinds), job_id, found.full | set(avoid), found.busy)
    while (chosen := choose(tx, wanted, lock=True)) is not None:
        # What `occupied` counted may be over: here the lane is locked, and counted again.
        if not lanes.reserve(tx, chosen.lane, now):
            # It was filled since `occupied` counted; its row stays locked until the commit. Two claims that
            # meet two such lanes in opposite order are a deadlock, which PostgreSQL ends and the worker tries
            # again.
            wanted.closed_lanes.add(chosen.lane)
            continue
        # The attempt is the fencing token: all that a holder writes later names it, so one that was silent
        # for too long finds that its job is no longer its own, even if it claims the same job again.
        taken = tx.execute(
            update(job)
            .where(job.c.id == chosen.id)
            .values(
                state=JobState.RUNNING, attempt=job.c.attempt + 1, lease_owner=owner, lease_until=now + lease
            )
            .returning(job)
        ).one()
        return from_row(taken)
    return None


def is_due(
    tx: Connection,
    *,
    now: datetime,
    kinds: Iterable[str],
    job_id: str | None = None,
    avoid: Iterable[str] = (),
) -> bool:
    """Tell whether there is something to claim."""
    wanted = ClaimFilter(now, list(kinds), job_id, set(avoid))
    if not is_anything_due(tx, wanted):
        return False
    wanted.closed_lanes |= lanes.occupied(tx, now).full
    return choose(tx, wanted, lock=False) is not None


def rest(tx: Connection, *, now: datetime, kinds: Iterable[str]) -> float | None:
    """Return the seconds until a job may be due, None for never; 0 if one is, which can't be claimed yet."""
    if is_anything_due(tx, ClaimFilter(now, list(kinds), None, set())):
        return 0.0
    moment = next_moment(tx, now)
    return None if moment is None else (moment - now).total_seconds()


def extend(tx: Connection, held: Job, until: datetime) -> bool:
    """Lengthen a lease; False if the job is no longer this holder's."""
    done = tx.execute(update(job).where(_held_by(held)).values(lease_until=until))
    return done.rowcount == 1


def is_held(tx: Connection, held: Job, *, keep: bool = True) -> bool:
    """Tell whether the holder still owns its job; `keep` it owned until the (write) transaction ends."""
    raw = RawSql(tx)
    # The row lock keeps others from claiming the job between this check and our commit. SQLite has one
    # writer.
    sql = f"{_OWN_JOB} FOR UPDATE" if keep and not raw.is_sqlite else _OWN_JOB
    mine = (held.id, JobState.RUNNING.value, held.attempt, held.lease_owner)
    return raw.execute(sql, mine).fetchone() is not None


def finish(tx: Connection, held: Job, state: JobState, now: datetime, error: str | None = None) -> bool:
    """End a job; False if it is no longer this holder's."""
    values = {"state": state, "finished_at": now, "lease_owner": None, "lease_until": None, "error": error}
    return tx.execute(update(job).where(_held_by(held)).values(values)).rowcount == 1


def put_back(
    tx: Connection, held: Job, not_before: datetime, *, counts: bool, error: str | None = None
) -> bool:
    """Queue a job again; unless it `counts`, the attempt is forgotten."""
    values: dict[str, Any] = {
        "state": JobState.QUEUED,
        "not_before": not_before,
        "lease_owner": None,
        "lease_until": None,
        "error": error,
    }
    # A process that stops, or waits, has not failed: it must not use up an attempt.
    if not counts:
        values["attempt"] = job.c.attempt - 1
    return tx.execute(update(job).where(_held_by(held)).values(values)).rowcount == 1


def park(tx: Connection, held: Job, until: datetime | None = None) -> bool:
    """Let go of a job until `wake`, or `until` a moment; the attempt is forgotten.

    What the holder waits for is looked up in the same transaction, after `is_held`, which locks the job: a
    `wake` that comes meanwhile waits for the lock, and then finds the job parked. No wake-up is lost.
    """
    values = {
        "state": JobState.PARKED,
        "not_before": until or NEVER,
        "lease_owner": None,
        "lease_until": None,
        "attempt": job.c.attempt - 1,
    }
    return tx.execute(update(job).where(_held_by(held)).values(values)).rowcount == 1


def hold(tx: Connection, kind: str, key: str) -> JobState | None:
    """Lock a job as it is until the transaction ends; return its state, None if there is no such job."""
    mine = and_(job.c.kind == kind, job.c.key == key)
    # FOR UPDATE waits for whoever changes the row, and then reads what they committed. SQLite has one writer.
    state = tx.execute(select(job.c.state).where(mine).with_for_update()).scalar()
    return None if state is None else JobState(state)


def wake(ctx: Context, kind: str, key: str) -> bool:
    """Queue a parked job; False if it is not parked: its holder looks by itself before it lets go."""
    # Locked before it is read: a holder that is parking the job just now commits first, and is called back.
    if hold(ctx.tx, kind, key) is not JobState.PARKED:
        return False
    mine = and_(job.c.kind == kind, job.c.key == key)
    ctx.tx.execute(update(job).where(mine).values(state=JobState.QUEUED, not_before=ctx.now()))
    ctx.notify(CHANNEL)
    return True


def cancel(tx: Connection, kind: str, key: str, now: datetime) -> bool:
    """Cancel a job that has not ended; its holder loses its lease. False if it had ended or never was."""
    where = and_(job.c.kind == kind, job.c.key == key, job.c.state.in_(OPEN))
    values = {"state": JobState.CANCELLED, "finished_at": now, "lease_owner": None, "lease_until": None}
    return tx.execute(update(job).where(where).values(values)).rowcount == 1


def from_row(row: Row[Any]) -> Job:
    """Make a job of its row."""
    fields = dict(row._mapping)
    fields["state"] = JobState(fields["state"])
    return Job(**fields)


def _held_by(held: Job) -> ColumnElement[bool]:
    return and_(
        job.c.id == held.id,
        job.c.state == JobState.RUNNING,
        job.c.attempt == held.attempt,
        job.c.lease_owner == held.lease_owner,
    )
