"""Grant a waiver, or deny it: a second person does."""

from __future__ import annotations

import msgspec

from meguru.errors import Conflict, Forbidden
from meguru.governance.log_time import log_time
from meguru.governance.waivers import store
from meguru.governance.waivers.emit import emit_event
from meguru.governance.waivers.limits import MAX_TEXT
from meguru.governance.waivers.second_person import must_be_second
from meguru.governance.waivers.types import Waiver, WaiverState
from meguru.kernel.operations import Context, operation


@operation("waiver.grant", permission="waiver:grant", on="waiver")
def grant(ctx: Context, *, waiver: str, note: str = "") -> Waiver:
    """Let a gate's refusal pass until the waiver ends, as a second person; then check the release again.

    Raises
    ------
    Forbidden
        If who asks is no person, or asked for it, made the model or put the release together.
    Conflict
        If it was decided already, or its time is over.
    """
    return _decide(ctx, waiver, WaiverState.GRANTED, note)


@operation("waiver.deny", permission="waiver:grant", on="waiver")
def deny(ctx: Context, *, waiver: str, note: str = "") -> Waiver:
    """Say that the gate's refusal stands.

    Raises
    ------
    Conflict
        If it was decided already.
    """
    return _decide(ctx, waiver, WaiverState.DENIED, note)


def _decide(ctx: Context, ref: str, state: WaiverState, note: str) -> Waiver:
    waiver = store.get(ctx.tx, ref, lock=True)
    now = log_time(ctx.tx, ctx.now())
    if waiver.state is not WaiverState.REQUESTED:
        why = f"{waiver.decided_by or waiver.ended_by}: {waiver.note or waiver.end_reason}".rstrip(": ")
        raise Conflict(f"{waiver.ref} is {waiver.state} already", where=waiver.ref, why=why)
    is_granted = state is WaiverState.GRANTED
    if is_granted and waiver.expires_at <= now:
        raise Conflict(f"the time of {waiver.ref} is over", where=waiver.ref, hint="ask for a new one")
    if is_granted:
        must_be_second(ctx, waiver)
    elif ctx.principal.kind == "service":
        raise Forbidden("only a person can deny a waiver", why=f"{ctx.principal.name} is a service")
    note = note.strip()[:MAX_TEXT]
    done = msgspec.structs.replace(
        waiver, state=state, decided_by=ctx.principal.name, decided_at=now, note=note
    )
    more = {"asked_by": done.asked_by, "note": note} | ({"digest": done.digest} if is_granted else {})
    event = emit_event(ctx, "waiver.granted" if is_granted else "waiver.denied", done, **more)
    return store.save(ctx.tx, msgspec.structs.replace(done, event=event.id))
