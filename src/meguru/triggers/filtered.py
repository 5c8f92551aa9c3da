"""Events that a trigger's filter rejected: one row a day with their count, however many there are."""

from __future__ import annotations

from itertools import groupby
from typing import NamedTuple

from meguru.base.ids import new_id
from meguru.kernel.events import Event
from meguru.kernel.operations import Context
from meguru.triggers import store
from meguru.triggers.types import Firing, FiringState, Trigger


class FilteredEvent(NamedTuple):
    """An event that a trigger's filter did not let in."""

    trigger: Trigger
    event: Event
    reason: str = ""
    """Empty: its filter does not hold."""


def count_filtered(ctx: Context, found: list[FilteredEvent]) -> None:
    """Count events that filters kept out: a row of the history for each trigger and day, with the newest."""
    by_name = sorted(found, key=lambda each: each.trigger.name)
    for name, group in groupby(by_name, key=lambda each: each.trigger.name):
        items = list(group)
        if store.find(ctx.tx, name) is None:
            continue
        trigger, event, reason = items[-1]
        row = Firing(
            id=new_id("fir"),
            trigger=name,
            key=f"filtered:{ctx.now():%Y-%m-%d}",
            state=FiringState.FILTERED,
            at=ctx.now(),
            reason=reason or f"the filter {trigger.filter!r} does not hold",
            event=event.id,
            evidence={"event": {"id": event.id, "type": event.type, "subject": event.subject}},
        )
        store.count_filtered(ctx.tx, row, len(items))
