"""Make a trigger, pause it, resume it."""

from typing import Any

from meguru.base.names import check_name
from meguru.errors import Conflict, InvalidInput
from meguru.kernel.operations import Context, operation
from meguru.triggers import store
from meguru.triggers.recognise import action_of, kind_of
from meguru.triggers.ring import pass_over
from meguru.triggers.types import Trigger


@operation("trigger.create", permission="trigger:write")
def create(
    ctx: Context,
    *,
    name: str,
    on: dict[str, Any],
    action: dict[str, Any],
    cooldown: float = 0.0,
    max_per_day: int | None = None,
    enabled: bool = True,
    note: str = "",
) -> Trigger:
    """Make a trigger: when `on` matches an event or the calendar, start `action`."""
    name = check_name("trigger", name)
    if not cooldown >= 0:
        raise InvalidInput("a cooldown is zero or more seconds", field="cooldown", why=f"it is {cooldown}")
    if max_per_day is not None and max_per_day < 1:
        raise InvalidInput(
            "max_per_day is one or more", field="max_per_day", hint="pause the trigger instead"
        )
    kind = kind_of(on)
    kind.check(ctx)
    action_of(action).check(ctx)
    known = store.find(ctx.tx, name)
    if known is not None:
        return _same(known, on=on, action=action, cooldown=cooldown, max_per_day=max_per_day)
    now = ctx.now()
    told = ctx.emit(
        "trigger.created", f"trigger/{name}", data={"on": on, "action": action, "enabled": enabled}
    )
    made = Trigger(
        name=name,
        on=on,
        action=action,
        enabled=enabled,
        cooldown=cooldown,
        max_per_day=max_per_day,
        created_at=now,
        created_seq=told.seq,
        due_at=kind.next_due(now),
        note=note,
    )
    store.insert_trigger(ctx.tx, made)
    return made


@operation("trigger.pause", permission="trigger:write")
def pause(ctx: Context, *, name: str, reason: str = "") -> Trigger:
    """Hold a trigger back: what matches from now on is recorded, and starts nothing."""
    return _enable(ctx, name, enabled=False, reason=reason)


@operation("trigger.resume", permission="trigger:write")
def resume(ctx: Context, *, name: str, reason: str = "") -> Trigger:
    """Let a paused trigger fire again, for what matches from now on."""
    return _enable(ctx, name, enabled=True, reason=reason)


def _enable(ctx: Context, name: str, *, enabled: bool, reason: str) -> Trigger:
    found = store.one(ctx.tx, name)
    if found.enabled is not enabled:
        # What came during the pause is missed, even if no server was there to say so.
        due = pass_over(ctx, found, ctx.now()) if enabled else found.due_at
        store.set_enabled(ctx.tx, found.name, enabled=enabled, due_at=due)
        ctx.emit("trigger.resumed" if enabled else "trigger.paused", found.ref, data={"reason": reason})
    return store.one(ctx.tx, name)


def _same(known: Trigger, **wanted: Any) -> Trigger:
    changed = [field for field, value in wanted.items() if getattr(known, field) != value]
    if changed:
        raise Conflict(
            f"there is a trigger {known.name!r} already, with another {' and '.join(changed)}",
            where=known.ref,
            hint="choose another name, and pause this one",
        )
    return known
