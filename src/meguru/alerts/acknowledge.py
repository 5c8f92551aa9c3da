"""What people do with an alert: look after it, mute it, say that it is over."""

from __future__ import annotations

from datetime import datetime, timedelta

from meguru.alerts import store
from meguru.alerts.event_data import alert_data
from meguru.alerts.follow import end_mute
from meguru.alerts.ledger import Ledger
from meguru.alerts.types import Alert, AlertState
from meguru.errors import Conflict, InvalidInput
from meguru.kernel.operations import Context, operation

MAX_NOTE = 2000
MAX_MUTE = timedelta(days=90)


@operation("alert.acknowledge", permission="alert:write", on="alert")
def acknowledge(ctx: Context, *, alert: str, note: str = "") -> Alert:
    """Say that you look after an alert; once somebody does, saying it again adds a note."""
    known = open_alert(ctx, alert)
    return set_acknowledged(ctx, known, by=ctx.principal.name, note=check_note(note))


@operation("alert.mute", permission="alert:write", on="alert")
def mute(ctx: Context, *, alert: str, until: datetime, note: str = "") -> Alert:
    """Tell nobody of an alert until a moment; what comes meanwhile is told afterwards.

    Raises
    ------
    InvalidInput
        If the moment is over, or more than 90 days ahead.
    """
    known = open_alert(ctx, alert)
    left = until - ctx.now()
    if not timedelta(0) < left <= MAX_MUTE:
        why = "it is over" if left <= timedelta(0) else f"it is {left.days} days ahead"
        raise InvalidInput(
            "an alert can't be muted until then", why=why, hint="at most 90 days", field="until"
        )
    changed = known.changed(muted_until=until, muted_count=0)
    store.save(ctx.tx, changed)
    ctx.emit("alert.muted", known.ref, data=alert_data(changed) | {"until": until, "note": check_note(note)})
    return changed


@operation("alert.unmute", permission="alert:write", on="alert")
def unmute(ctx: Context, *, alert: str) -> Alert:
    """Let an alert be told again, with what came while it was muted."""
    known = open_alert(ctx, alert)
    return end_mute(ctx, known) if known.muted_until is not None else known


@operation("alert.resolve", permission="alert:write", on="alert")
def resolve(ctx: Context, *, alert: str, note: str = "") -> Alert:
    """Say that an alert is over; what comes after that is a new one."""
    known = open_alert(ctx, alert)
    return Ledger(ctx).resolve(known, by=ctx.principal.name, note=check_note(note))


def set_acknowledged(ctx: Context, known: Alert, *, by: str, note: str, link: str = "") -> Alert:
    """Write down who looks after an alert; nothing when it is the same again."""
    if known.state is AlertState.ACKNOWLEDGED and known.acknowledged_by == by and note in {"", known.note}:
        return known
    changed = known.changed(
        state=AlertState.ACKNOWLEDGED, acknowledged_by=by, acknowledged_at=ctx.now(), note=note or known.note
    )
    store.save(ctx.tx, changed)
    data = alert_data(changed) | {"by": by, "note": note, "link": link}
    ctx.emit("alert.acknowledged", known.ref, data=data)
    return changed


def open_alert(ctx: Context, alert: str) -> Alert:
    """Return and hold an alert that is not over; Conflict if it is."""
    known = store.one(ctx.tx, alert, lock=True)
    if not known.is_open:
        raise Conflict(
            f"{known.ref} is over", why=f"{known.resolved_by} at {known.resolved_at:%Y-%m-%d %H:%M} UTC",
            where=known.ref,
        )  # fmt: skip
    return known


def check_note(note: str) -> str:
    """Return a note that is short enough."""
    if len(note) > MAX_NOTE:
        raise InvalidInput(f"a note has at most {MAX_NOTE} characters", field="note")
    return note.strip()
