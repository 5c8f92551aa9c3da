"""The scheduler's tick: fire the calendar moments that have come, and record those that were missed."""

from __future__ import annotations

from datetime import datetime

from meguru.kernel.operations import Context
from meguru.triggers import store
from meguru.triggers.calendar import moment_key, plan
from meguru.triggers.firing import decide
from meguru.triggers.misfires import record
from meguru.triggers.parse import kind_of
from meguru.triggers.types import Trigger


def fire_due(ctx: Context, *, name: str) -> int:
    """Decide about the moments of a calendar trigger that have come; return how many were."""
    now = ctx.now()
    # Planned before the write transaction opens: after a year without a server that takes a while.
    with ctx.ws.read() as tx:
        trigger = store.one(tx, name)
    kind = kind_of(trigger.on)
    due = plan(trigger, kind, now)
    if not (due.fire or due.missed) or not store.advance_due(ctx.tx, trigger, kind.next_due(now)):
        return 0
    count = len(record(ctx, trigger, due.missed, due.reason))
    for moment in due.fire:
        evidence = {"due": moment, "late_seconds": (now - moment).total_seconds()}
        local = moment.astimezone(kind.zone)
        queued = kind.catch_up == "all"
        done = decide(
            ctx,
            trigger,
            key=moment_key(moment),
            evidence=evidence,
            moment=local,
            queued=queued,
            owes=kind.catch_up == "latest",
        )
        count += done is not None
    return count


def pass_over(ctx: Context, trigger: Trigger, now: datetime) -> datetime | None:
    """Record what a paused trigger missed until now; return its next moment."""
    kind = kind_of(trigger.on)
    due = plan(trigger, kind, now)
    if due.missed:
        record(ctx, trigger, due.missed, due.reason)
    return kind.next_due(now)
