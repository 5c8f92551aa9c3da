"""Ask for a waiver."""

from __future__ import annotations

from datetime import datetime

import msgspec

from meguru.base.ids import new_id
from meguru.errors import Conflict
from meguru.governance.log_time import log_time
from meguru.governance.waivers import store
from meguru.governance.waivers.emit import emit_event
from meguru.governance.waivers.limits import check_end, check_reason
from meguru.governance.waivers.types import Waiver, WaiverState, WaiverSubject
from meguru.kernel.kinds import provided
from meguru.kernel.operations import Context, operation

SUBJECT = "waiver subject"
"""Kinds whose gates can be waived: ``f(tx, ref, gate) -> WaiverSubject``, which refuses what can't be."""


@operation("waiver.request", permission="waiver:request", on="release", refers={"release": "release"})
def request(ctx: Context, *, release: str, gate: str, reason: str, until: datetime) -> Waiver:
    """Ask that a gate's refusal of a release be let pass until a moment; another person has to grant it.

    It is of this gate as it is declared, for this model version at this endpoint. `gate` is its name; of
    several of one name with the number of its place among them, ``metric#2``.

    Raises
    ------
    Conflict
        If the gate did not refuse the release, or its waiver is asked for or granted already.
    InvalidInput
        If the gate can't be waived, there is no reason, or it is to last too long.
    """
    subject: WaiverSubject = provided(SUBJECT).load("release")(ctx.tx, release, gate)
    now = log_time(ctx.tx, ctx.now())
    until = check_end(until, now, ctx.settings.waiver_days)
    reason = check_reason(reason)
    _must_be_new(ctx, subject)
    waiver = Waiver(
        id=new_id("waiver"),
        endpoint=subject.endpoint,
        model=subject.model,
        gate=subject.gate,
        declaration=subject.declaration,
        declaration_digest=subject.declaration_digest,
        inputs=subject.inputs,
        refusal=subject.refusal,
        release=subject.release,
        authors=sorted(set(subject.authors)),
        reason=reason,
        asked_by=ctx.principal.name,
        asked_at=now,
        expires_at=until,
        state=WaiverState.REQUESTED,
        event="",
    )
    store.add(ctx.tx, waiver)
    event = emit_event(
        ctx, "waiver.requested", waiver, declaration=waiver.declaration_digest, said=waiver.refusal
    )
    return store.save(ctx.tx, msgspec.structs.replace(waiver, event=event.id))


def _must_be_new(ctx: Context, subject: WaiverSubject) -> None:
    for state in (WaiverState.REQUESTED, WaiverState.GRANTED):
        waivers = store.page(
            ctx.tx,
            endpoint=subject.endpoint,
            model=subject.model,
            state=state.value,
            before="",
            limit=100,
            projects=None,
        )
        for waiver in waivers:
            if waiver.covers(subject.declaration_digest, subject.inputs):
                raise Conflict(
                    f"{waiver.ref} is {waiver.state} already for {subject.gate} of {subject.model}",
                    where=waiver.ref,
                    why=f"{waiver.asked_by}: {waiver.reason}",
                    hint=f"meguru waiver show {waiver.id}",
                )
