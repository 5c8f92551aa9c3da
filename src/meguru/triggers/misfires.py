"""Misfires: record the moments of a calendar that will not fire."""

from __future__ import annotations

import msgspec

from meguru.base.ids import new_id
from meguru.kernel.operations import Context
from meguru.kernel.principals import system
from meguru.triggers import store
from meguru.triggers.calendar import Missed
from meguru.triggers.types import Firing, FiringState, Trigger


def record(ctx: Context, trigger: Trigger, missed: list[Missed], reason: str) -> list[Firing]:
    """Record moments that will not fire, with one event for all of them; return those that are new."""
    new = [one for one in missed if store.firing_of(ctx.tx, trigger.name, one.key) is None]
    if not new:
        return []
    shown = [msgspec.to_builtins(one.evidence) for one in new]
    acting = ctx.with_(principal=system(trigger.ref))
    told = acting.emit("trigger.missed", trigger.ref, data={"reason": reason, "missed": shown})
    written = [
        Firing(
            id=new_id("fir"),
            trigger=trigger.name,
            key=one.key,
            state=FiringState.MISSED,
            at=ctx.now(),
            reason=reason,
            fired=told.id,
            evidence=evidence,
        )
        for one, evidence in zip(new, shown, strict=True)
    ]
    for firing in written:
        store.save_firing(ctx.tx, firing)
    return written
