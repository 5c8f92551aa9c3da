"""Decide one match of a trigger: fire, hold back, or say why the action can't start."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from meguru.base.ids import new_id
from meguru.base.library_errors import kind_and_reason
from meguru.errors import Busy, MeguruError
from meguru.kernel import events
from meguru.kernel.events import Event
from meguru.kernel.operations import Context
from meguru.triggers import store
from meguru.triggers.actions import Action, Occasion, Started
from meguru.triggers.calendar import Missed
from meguru.triggers.chains import Chain, chain_of, loop_of
from meguru.triggers.delegation import acting_for, check_declarer
from meguru.triggers.limits import DEBOUNCED, MAX_QUEUED, PAUSED, SUPERSEDED, Hold, RecordedFirings, held_back
from meguru.triggers.misfires import record
from meguru.triggers.parse import action_of, kind_of
from meguru.triggers.policies import debounced_until
from meguru.triggers.types import Firing, FiringState, Trigger


def decide(
    ctx: Context,
    trigger: Trigger,
    *,
    key: str,
    event: Event | None = None,
    evidence: dict[str, Any] | None = None,
    moment: datetime | None = None,
    queued: bool = False,
    owes: bool = True,
) -> Firing | None:
    """Fire `trigger` unless something holds it back; None if `key` was decided before.

    Everything is written in the open transaction of `ctx`: the firing, the event that tells of it, and
    what the action starts. `moment` is the one of a calendar; what it starts may be `queued` behind what it
    started before. One that is held back is missed, unless the trigger `owes` the newest.
    """
    # Idempotency by the unique (trigger, key): a key that was decided once, held back or not, stays so.
    if store.firing_of(ctx.tx, trigger.name, key) is not None:
        return None
    chain = chain_of(ctx.tx, event)
    match = draft(ctx, trigger, key, event, evidence, chain.root)
    acting = acting_for(ctx, trigger, event.id if event else None)
    try:
        action = action_of(trigger.action)
        check_declarer(acting, trigger, kind_of(trigger.on), action)
    except MeguruError as error:
        return _failed(acting, match, chain, error)
    most = MAX_QUEUED if queued else 1 if action.exclusive else None
    hold = held_back(RecordedFirings(ctx.tx, trigger.name), trigger, ctx.now(), chain=chain, most=most)
    if hold is None and trigger.debounce and event is not None:
        hold = Hold(f"{DEBOUNCED} for {trigger.debounce:g} s", owed=True)
    if hold:
        if moment is not None and not (owes and hold.owed):
            return record(ctx, trigger, [Missed(moment.astimezone(UTC))], hold.reason)[0]
        return _record_held(acting, trigger, match, chain, hold, event)
    store.supersede(ctx.tx, trigger.name, SUPERSEDED)  # of those that wait, only the newest fires
    occasion = Occasion(trigger=trigger.name, key=f"{trigger.name}:{key}", event=event, moment=moment)
    return fire(acting, action, match, occasion, chain)


def _record_held(
    acting: Context, trigger: Trigger, match: Firing, chain: Chain, hold: Hold, event: Event | None
) -> Firing:
    """Write down a match that does not fire now; if it is owed, it takes the place of the one before it."""
    if not hold.owed:
        reason = hold.reason
        if hold.cut and (loop := loop_of(acting.tx, event, trigger.name)):
            reason = f"a loop, {' -> '.join(loop)}: {reason}"
            acting.emit("trigger.looped", trigger.ref, data={"loop": loop, "root": chain.root})
        return _write(
            acting, msgspec.structs.replace(match, state=FiringState.SUPPRESSED, reason=reason), chain
        )
    before = store.owed_by(acting.tx, trigger.name)
    store.supersede(acting.tx, trigger.name, SUPERSEDED)
    since = (before.waits_since if before else None) or match.at
    owed = msgspec.structs.replace(
        match,
        state=FiringState.OWED,
        reason=hold.reason,
        waits_since=since,
        not_before=debounced_until(trigger, match.at, since) if trigger.debounce else None,
    )
    return _write(acting, owed, chain)


def fire_owed(ctx: Context, trigger: Trigger, match: Firing) -> Firing | None:
    """Fire a match that was held back, if nothing holds it back any more; None while something does."""
    if not may_fire(ctx.tx, trigger, match, ctx.now()):
        return None
    event, chain = _origin(ctx.tx, match)
    acting = acting_for(ctx, trigger, match.event)
    now = msgspec.structs.replace(match, state=FiringState.FIRED, at=ctx.now(), reason="", not_before=None)
    try:
        action = action_of(trigger.action)
        check_declarer(acting, trigger, kind_of(trigger.on), action)
    except MeguruError as error:
        return _failed(acting, now, chain, error)
    # Above it was asked whether it may fire or is given up; here, which of both.
    hold = held_back(
        RecordedFirings(ctx.tx, trigger.name), trigger, ctx.now(), chain=chain, most=most_open(action)
    )
    if hold:
        _record_held(acting, trigger, now, chain, hold, event)
        return None
    due = match.evidence.get("due") if event is None else None
    moment = datetime.fromisoformat(due).astimezone(kind_of(trigger.on).zone) if due else None
    occasion = Occasion(trigger=trigger.name, key=f"{trigger.name}:{match.key}", event=event, moment=moment)
    return fire(acting, action, now, occasion, chain)


def may_fire(tx: Connection, trigger: Trigger, match: Firing, now: datetime) -> bool:
    """Tell whether an owed match would fire at this moment, or be given up; it outlives a pause."""
    return hold_of_owed(tx, trigger, match, now) is None


def hold_of_owed(tx: Connection, trigger: Trigger, match: Firing, now: datetime) -> Hold | None:
    """Return what still keeps an owed match from firing; None when it fires now, or is given up."""
    if not trigger.enabled:
        return Hold(PAUSED, owed=True)
    if match.not_before is not None and now < match.not_before and now >= match.at:
        return Hold(DEBOUNCED, owed=True)  # if it came later than now, the clock was set back
    try:
        action = action_of(trigger.action)
    except MeguruError:
        return None  # so that its failure is told
    _, chain = _origin(tx, match)
    hold = held_back(RecordedFirings(tx, trigger.name), trigger, now, chain=chain, most=most_open(action))
    return hold if hold is not None and hold.owed else None


def most_open(action: Action) -> int | None:
    """Return how many of its runs may be open at a time; None when any number may."""
    return 1 if action.exclusive else None


def _origin(tx: Connection, match: Firing) -> tuple[Event | None, Chain]:
    event = events.get(tx, match.event) if match.event else None
    return event, chain_of(tx, event)


def fire(acting: Context, action: Action, match: Firing, occasion: Occasion, chain: Chain) -> Firing:
    """Start the action; whatever keeps it from starting is undone and becomes a failed firing."""
    mark = len(acting.emitted)
    try:
        # A savepoint: what the action wrote before it failed goes, and the failed firing is written all the
        # same. On PostgreSQL a transaction with an error could else write nothing more.
        with acting.tx.begin_nested():
            return start(acting, action, match, occasion, chain)
    except (OperationalError, Busy, MemoryError):
        raise  # of ours, not of the action: the step is rolled back and tried again, cursor and all
    except Exception as error:  # noqa: BLE001 - recorded: the others must not wait for a broken action
        del acting.emitted[mark:]
        return _failed(acting, match, chain, error)


def start(acting: Context, action: Action, match: Firing, occasion: Occasion, chain: Chain) -> Firing:
    """Tell of the firing and start the action, which is caused by it."""
    event = _emit_firing(acting, match, chain)
    started: Started = action.start(acting.with_(cause=event.id), occasion)
    done = msgspec.structs.replace(match, fired=event.id, started=started.ref, job=started.job)
    store.save_firing(acting.tx, done)
    return done


def _failed(acting: Context, match: Firing, chain: Chain, error: Exception) -> Firing:
    reason = kind_and_reason(error)
    if isinstance(error, MeguruError):
        reason = " ".join(filter(None, (str(error), *_why_and_hint(error))))
    return _write(acting, msgspec.structs.replace(match, state=FiringState.FAILED, reason=reason), chain)


def _why_and_hint(error: Exception) -> tuple[str, ...]:
    return (
        tuple(f"({part})" for part in (error.why, error.hint) if part)
        if isinstance(error, MeguruError)
        else ()
    )


def draft(
    ctx: Context,
    trigger: Trigger,
    key: str,
    event: Event | None,
    evidence: dict[str, Any] | None,
    root: str = "",
) -> Firing:
    """Return a firing as it will be if nothing holds it back."""
    seen: dict[str, Any] = msgspec.to_builtins(evidence or {})
    if event is not None:
        seen["event"] = {"id": event.id, "type": event.type, "subject": event.subject, "data": event.data}
    return Firing(
        id=new_id("fir"),
        trigger=trigger.name,
        key=key,
        state=FiringState.FIRED,
        at=ctx.now(),
        event=event.id if event else None,
        root=root,
        evidence=seen,
    )


def _write(acting: Context, match: Firing, chain: Chain) -> Firing:
    done = msgspec.structs.replace(match, fired=_emit_firing(acting, match, chain).id)
    store.save_firing(acting.tx, done)
    return done


def _emit_firing(acting: Context, match: Firing, chain: Chain) -> Event:
    seen = match.evidence.get("event", {}).get("subject")
    data = {
        "firing": match.id,
        "key": match.key,
        "depth": chain.depth + 1,
        "root": match.root,
        "evidence": match.evidence,
    }
    return acting.emit(
        f"trigger.{match.state.value}",
        f"trigger/{match.trigger}",
        data=data | ({"reason": match.reason} if match.reason else {}),
        used=[seen] if seen else [],
        produced=[match.ref] if match.state is FiringState.FIRED else [],
    )
