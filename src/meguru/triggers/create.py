"""Make a trigger, pause it, resume it."""

from typing import Any

from meguru.base import refs
from meguru.errors import Conflict
from meguru.kernel import declarations
from meguru.kernel.operations import Context, operation
from meguru.triggers import store
from meguru.triggers.delegation import take_over
from meguru.triggers.kind import TRIGGER, TriggerSpec
from meguru.triggers.tick import pass_over
from meguru.triggers.types import Trigger, TriggerBudget


@operation("trigger.create", permission="trigger:write", on="name")
def create(
    ctx: Context,
    *,
    name: str,
    on: dict[str, Any],
    action: dict[str, Any],
    filter: str = "",
    key: str = "",
    debounce: float = 0.0,
    debounce_max: float | None = None,
    cooldown: float = 0.0,
    max_per_day: int | None = None,
    budget: TriggerBudget | None = None,
    enabled: bool = True,
    note: str = "",
) -> Trigger:
    """Make a trigger: when `on` matches an event or the calendar, start `action`.

    It sees what happens in its own project, and to the things that it names. The same again changes nothing;
    ``trigger.declare`` changes one.
    """
    trigger = store.find(ctx.tx, name)
    if trigger is not None:
        note = trigger.note  # not what tells two triggers apart
    spec = TriggerSpec(
        on=on,
        action=action,
        filter=filter,
        key=key,
        debounce=debounce,
        debounce_max=debounce_max,
        cooldown=cooldown,
        max_per_day=max_per_day,
        budget=budget,
        note=note,
    )
    planned = declarations.compare(ctx, TRIGGER, name, spec)
    if planned.change is declarations.Change.UPDATED:
        changed = " and ".join(change.field for change in planned.fields)
        raise Conflict(
            f"there is a trigger {name!r} already, with another {changed}",
            where=planned.ref,
            hint=f"change it: meguru trigger update {name}; or choose another name",
        )
    kept = refs.parse(planned.ref).name
    if planned.change is declarations.Change.CREATED:
        declarations.declare(ctx, TRIGGER, name, spec)
        if not enabled:
            pause(ctx, name=kept, reason="made so")
    return store.one(ctx.tx, kept)


@operation("trigger.pause", permission="trigger:write", on="name")
def pause(ctx: Context, *, name: str, reason: str = "") -> Trigger:
    """Hold a trigger back: what matches from now on is recorded, and starts nothing."""
    return _enable(ctx, name, enabled=False, reason=reason)


@operation("trigger.resume", permission="trigger:write", on="name")
def resume(ctx: Context, *, name: str, reason: str = "") -> Trigger:
    """Let a paused trigger fire again, for what matches from now on.

    If who declared it may not do any more what it does, it acts in the name of who resumes it from now on.
    """
    take_over(ctx, store.one(ctx.tx, name))
    return _enable(ctx, name, enabled=True, reason=reason)


def _enable(ctx: Context, name: str, *, enabled: bool, reason: str) -> Trigger:
    trigger = store.one(ctx.tx, name)
    if trigger.enabled is not enabled:
        # What came during the pause is missed, even if no server was there to say so.
        due = pass_over(ctx, trigger, ctx.now()) if enabled else trigger.due_at
        store.set_enabled(ctx.tx, trigger.name, enabled=enabled, due_at=due)
        ctx.emit("trigger.resumed" if enabled else "trigger.paused", trigger.ref, data={"reason": reason})
    return store.one(ctx.tx, name)
