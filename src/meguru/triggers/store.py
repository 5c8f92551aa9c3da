"""SQL of triggers and firings; every function takes an open transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, and_, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from meguru.base import refs
from meguru.base.names import normal
from meguru.errors import NotFound
from meguru.kernel.events.schema import event
from meguru.kernel.jobs import JobState
from meguru.kernel.jobs.schema import job
from meguru.kernel.projects import condition
from meguru.monitoring.schedule.begin import JOB as MONITOR_JOB
from meguru.pipelines.schema import step_run
from meguru.triggers.schema import firing, trigger, trigger_cursor
from meguru.triggers.types import Firing, FiringState, Trigger, TriggerBudget

MAX_SUBJECTS = 100
_PRESENT = trigger.c.retired_at.is_(None)
_OPEN = (JobState.QUEUED.value, JobState.RUNNING.value, JobState.PARKED.value)


def declare(tx: Connection, name: str, values: Mapping[str, Any], *, at: datetime) -> None:
    """Write a trigger's spec and what it waits for: over an earlier one, or as a new one's."""
    here = trigger.c.name == name
    values = {**values, "retired_at": None, "version": _next_version(tx)}
    if tx.execute(update(trigger).where(here).values(**values)).rowcount == 0:
        tx.execute(insert(trigger).values(**values, name=name, enabled=True, created_at=at))


def retire(tx: Connection, name: str, at: datetime) -> None:
    """Mark a trigger as retired; no moment of the calendar is due any more."""
    gone = {"retired_at": at, "due_at": None, "enabled": True, "version": _next_version(tx)}
    tx.execute(update(trigger).where(trigger.c.name == name).values(gone))


def set_declarer(tx: Connection, name: str, declared_by: str) -> None:
    """Write down in whose name a trigger acts from now on."""
    values = {"declared_by": declared_by, "version": _next_version(tx)}
    tx.execute(update(trigger).where(trigger.c.name == name).values(values))


def changed_since(tx: Connection, version: int) -> list[tuple[Trigger, bool]]:
    """Return the triggers that changed after a version, in that order, and whether each is still there."""
    rows = tx.execute(select(trigger).where(trigger.c.version > version).order_by(trigger.c.version))
    return [(_trigger(row), row._mapping["retired_at"] is None) for row in rows]


def _next_version(tx: Connection) -> int:
    # Changes wait for each other, so what is counted here is committed in this order.
    return (tx.execute(select(func.max(trigger.c.version))).scalar() or 0) + 1


def find(tx: Connection, name: str) -> Trigger | None:
    """Return a trigger; None if there is none of this name."""
    row = tx.execute(select(trigger).where(trigger.c.name == normal(name), _PRESENT)).first()
    return None if row is None else _trigger(row)


def find_many(tx: Connection, names: Iterable[str]) -> list[Trigger]:
    """Return those triggers of these names that are there."""
    return [_trigger(row) for row in tx.execute(select(trigger).where(trigger.c.name.in_(names), _PRESENT))]


def one(tx: Connection, name: str) -> Trigger:
    """Return a trigger, or say which names look like it."""
    found = find(tx, name)
    if found is None:
        raise NotFound.of("trigger", name, tx.execute(select(trigger.c.name).where(_PRESENT)).scalars().all())
    return found


def all_triggers(tx: Connection, projects: AbstractSet[str] | None = None) -> list[Trigger]:
    """Return every trigger of some projects (None: of all), by name."""
    query = select(trigger).where(_PRESENT, condition(trigger.c.name, projects)).order_by(trigger.c.name)
    return [_trigger(row) for row in tx.execute(query)]


def due(tx: Connection, now: datetime) -> list[Trigger]:
    """Return the calendar triggers whose moment has come."""
    query = select(trigger).where(trigger.c.due_at <= now).order_by(trigger.c.due_at, trigger.c.name)
    return [_trigger(row) for row in tx.execute(query)]


def next_due(tx: Connection) -> datetime | None:
    """Return the next moment at which a calendar trigger is due."""
    found: datetime | None = tx.execute(
        select(trigger.c.due_at).order_by(trigger.c.due_at).where(trigger.c.due_at.is_not(None)).limit(1)
    ).scalar()
    return found


def next_debounce_end(tx: Connection) -> datetime | None:
    """Return the next moment at which it is quiet enough for a debounced match."""
    waits = (firing.c.state == FiringState.OWED.value) & firing.c.not_before.is_not(None)
    found: datetime | None = tx.execute(select(func.min(firing.c.not_before)).where(waits)).scalar()
    return found


def advance_due(tx: Connection, item: Trigger, following: datetime | None) -> bool:
    """Move a calendar trigger on to its next moment; False if another evaluator did, or it was changed."""
    # By `due_at` one of two evaluators gets it; by `version` neither does when it was paused or declared
    # anew after `item` was read: then it is planned again, by what it says now.
    here = (trigger.c.name == item.name) & (trigger.c.due_at == item.due_at)
    here &= trigger.c.version == item.version
    return tx.execute(update(trigger).where(here).values(due_at=following)).rowcount == 1


def set_enabled(tx: Connection, name: str, *, enabled: bool, due_at: datetime | None) -> None:
    """Pause or resume a trigger, which is next due at `due_at`."""
    values = {"enabled": enabled, "due_at": due_at, "version": _next_version(tx)}
    tx.execute(update(trigger).where(trigger.c.name == name).values(values))


def save_firing(tx: Connection, item: Firing) -> None:
    """Write a firing: over itself, if it was owed, or as a new one."""
    values = msgspec.structs.asdict(item) | {"state": item.state.value}
    waits = (firing.c.id == item.id) & (firing.c.state == FiringState.OWED.value)
    if tx.execute(update(firing).where(waits).values(values)).rowcount == 0:
        tx.execute(insert(firing).values(values))


def supersede(tx: Connection, name: str, reason: str) -> None:
    """Let what a trigger owes go, for a reason that is added to why it waited."""
    waits = (firing.c.trigger == name) & (firing.c.state == FiringState.OWED.value)
    both = firing.c.reason + f"; {reason}"
    tx.execute(update(firing).where(waits).values(state=FiringState.SUPPRESSED.value, reason=both))


def owed(tx: Connection) -> list[Firing]:
    """Return the matches that fire as soon as they may, at most one for each trigger; oldest first."""
    waits = firing.c.state == FiringState.OWED.value
    return [_firing(row) for row in tx.execute(select(firing).where(waits).order_by(firing.c.id))]


def owed_by(tx: Connection, name: str) -> Firing | None:
    """Return the match that a trigger will fire for as soon as it may; None if it owes nothing."""
    waits = (firing.c.trigger == name) & (firing.c.state == FiringState.OWED.value)
    row = tx.execute(select(firing).where(waits)).first()
    return None if row is None else _firing(row)


def count_repeat(tx: Connection, name: str, key: str) -> None:
    """Count that something came whose key was decided before."""
    here = (firing.c.trigger == name) & (firing.c.key == key)
    tx.execute(update(firing).where(here).values(repeats=firing.c.repeats + 1))


def count_filtered(tx: Connection, item: Firing, count: int) -> None:
    """Count events that the filter kept out, in one row for each key (a day); the newest is shown."""
    values = {"at": item.at, "event": item.event, "reason": item.reason, "evidence": item.evidence}
    here = (firing.c.trigger == item.trigger) & (firing.c.key == item.key)
    more = update(firing).where(here).values(**values, repeats=firing.c.repeats + count)
    if tx.execute(more).rowcount == 0:
        save_firing(tx, msgspec.structs.replace(item, repeats=count - 1))


def is_owed(tx: Connection, firing_id: str) -> bool:
    """Tell whether a match still waits."""
    waits = (firing.c.id == firing_id) & (firing.c.state == FiringState.OWED.value)
    return tx.execute(select(firing.c.id).where(waits)).first() is not None


def firing_of(tx: Connection, name: str, key: str) -> Firing | None:
    """Return the firing of a trigger with this key; None if the key is new."""
    row = tx.execute(select(firing).where(firing.c.trigger == name, firing.c.key == key)).first()
    return None if row is None else _firing(row)


def project_of_firing(tx: Connection, firing_id: str) -> str | None:
    """Return the project of a firing, which is its trigger's; None if there is no such firing."""
    name = tx.execute(select(firing.c.trigger).where(firing.c.id == firing_id)).scalar()
    return None if name is None else refs.project_of(name)


def subjects_of(tx: Connection, name: str, about: str) -> list[str]:
    """Return the versions of one thing that a trigger fired for, or will, the newest firing first.

    `about` is the thing's reference without a version, such as ``dataset/flights``.
    """
    counts = firing.c.state.in_((FiringState.FIRED.value, FiringState.OWED.value))
    versions = event.c.subject.startswith(f"{about}@", autoescape=True)
    query = select(event.c.subject).join(firing, firing.c.event == event.c.id)
    query = query.where(firing.c.trigger == name, counts, versions)
    return list(tx.execute(query.order_by(firing.c.id.desc()).limit(MAX_SUBJECTS)).scalars())


def firings(
    tx: Connection,
    name: str,
    *,
    limit: int,
    before: str = "",
    state: FiringState | None = None,
    projects: AbstractSet[str] | None = None,
) -> list[Firing]:
    """Return firings, newest first; of one trigger, or of all (of some projects) when `name` is empty."""
    seen = condition(firing.c.trigger, projects)
    query = select(firing).where(seen).order_by(firing.c.id.desc()).limit(limit)
    if name:
        query = query.where(firing.c.trigger == name)
    if state:
        query = query.where(firing.c.state == state.value)
    if before:
        query = query.where(firing.c.id < before)
    return [_firing(row) for row in tx.execute(query)]


def fired_since(tx: Connection, name: str, since: datetime) -> tuple[int, datetime | None]:
    """Return how often a trigger fired after `since`, and when it did last."""
    row = tx.execute(
        select(func.count(), func.max(firing.c.at)).where(
            firing.c.trigger == name, firing.c.state == FiringState.FIRED.value, firing.c.at > since
        )
    ).one()
    return row[0], row[1]


def nth_newest(tx: Connection, name: str, n: int) -> datetime | None:
    """Return when a trigger fired for the nth time, counted from the newest; None if it did less often."""
    here = (firing.c.trigger == name) & (firing.c.state == FiringState.FIRED.value)
    query = select(firing.c.at).where(here).order_by(firing.c.at.desc()).offset(n - 1).limit(1)
    found: datetime | None = tx.execute(query).scalar()
    return found


def seconds_since(tx: Connection, name: str, since: datetime) -> float:
    """Return how long the steps took of the pipeline runs that a trigger started after `since` (seconds)."""
    fired = and_(firing.c.trigger == name, firing.c.state == FiringState.FIRED.value, firing.c.at > since)
    run = func.substr(firing.c.started, len("pipeline_run/") + 1)
    query = select(step_run.c.started_at, step_run.c.finished_at).join(firing, step_run.c.run == run)
    # Added up here: SQLite and PostgreSQL subtract moments, which are kept as text, in different ways.
    rows = tx.execute(query.where(fired, firing.c.started.like("pipeline\\_run/%", escape="\\")))
    took = [(end - begin).total_seconds() for begin, end in rows if begin is not None and end is not None]
    return float(sum(took))


def fired_from(tx: Connection, root: str) -> int:
    """Return how many firings one event led to."""
    idle = (FiringState.SUPPRESSED.value, FiringState.OWED.value, FiringState.FILTERED.value)
    fired = (firing.c.root == root) & firing.c.state.not_in(idle)
    return tx.execute(select(func.count()).select_from(firing).where(fired)).scalar_one()


def running(tx: Connection, name: str, *, limit: int = 1) -> list[Firing]:
    """Return firings of this trigger whose job has not ended, `limit` at most."""
    rows = tx.execute(
        select(firing)
        .join(job, job.c.id == firing.c.job)
        .where(firing.c.trigger == name, firing.c.state == FiringState.FIRED.value, job.c.state.in_(_OPEN))
        .order_by(firing.c.id)
        .limit(limit)
    )
    return [_firing(row) for row in rows]


def open_jobs(tx: Connection) -> int:
    """Return how many jobs wait or run, of whatever kind; that of a monitor that rests does neither."""
    rests = (job.c.kind == MONITOR_JOB) & (job.c.state == JobState.PARKED.value)
    query = select(func.count()).select_from(job).where(job.c.state.in_(_OPEN), ~rests)
    return tx.execute(query).scalar_one()


def cursor(tx: Connection, *, lock: bool = False) -> int:
    """Return the last event that was decided on; `lock` keeps other evaluators out till the end."""
    # FOR UPDATE is left out by SQLAlchemy on SQLite, which has one writer at a time anyway.
    query = select(trigger_cursor.c.seq)
    found = tx.execute(query.with_for_update() if lock else query).scalar()
    if found is None and lock:
        try:
            with tx.begin_nested():
                tx.execute(insert(trigger_cursor).values(id=1, seq=0))
        except IntegrityError:  # another evaluator made it just now; wait for it
            found = tx.execute(query.with_for_update()).scalar()
    return found or 0


def set_cursor(tx: Connection, seq: int) -> None:
    """Remember that every event up to `seq` is decided."""
    tx.execute(update(trigger_cursor).values(seq=seq))


def _trigger(row: Row[Any]) -> Trigger:
    fields = {name: row._mapping[name] for name in Trigger.__struct_fields__}
    budget = fields["budget"]
    return Trigger(**fields | {"budget": None if budget is None else msgspec.convert(budget, TriggerBudget)})


def _firing(row: Row[Any]) -> Firing:
    fields = dict(row._mapping)
    return Firing(**fields | {"state": FiringState(fields["state"])})
