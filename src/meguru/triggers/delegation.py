"""Delegation: a trigger acts with the rights that its declarer has at the moment it acts, and no others."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection

from meguru.base import refs
from meguru.errors import Forbidden
from meguru.governance.standing import standing
from meguru.kernel.operations import Context
from meguru.kernel.operations.authorise import denial
from meguru.kernel.principals import Principal
from meguru.triggers import store
from meguru.triggers.actions import Action
from meguru.triggers.kinds import TriggerKind
from meguru.triggers.parse import action_of, kind_of
from meguru.triggers.types import Trigger


def needed_permissions(part: TriggerKind | Action) -> Iterator[tuple[str, str]]:
    """Yield each permission that a kind or an action needs, with the thing that it needs it for.

    A thing's project is where it must be held. Beside the permission of each name, an action may say which
    ones it `needs` more, for all things that it names.
    """
    for field, (kind, permission) in getattr(part, "names", {}).items():
        if isinstance(name := getattr(part, field, None), str) and name:
            for each in (permission, *getattr(part, "needs", ())):
                yield each, refs.make(kind, name.removeprefix(f"{kind}/"))


def check_permitted(who: Principal, *parts: TriggerKind | Action) -> None:
    """Refuse somebody who may not hear of what a trigger waits for, or not do what it does.

    Raises
    ------
    Forbidden
        Which names the permission and the thing.
    """
    for part in parts:
        for permission, ref in needed_permissions(part):
            if not who.allows(permission, refs.project_of(ref.partition("/")[2])):
                why = f"the trigger would act on {ref}, and the permission {permission!r} is missing there"
                raise denial(who, permission, "what this trigger would do", where=ref, why=why)


def principal_for(tx: Connection, trigger: Trigger) -> Principal:
    """Return who acts for a trigger: the trigger, with the rights that its declarer has now."""
    # Asked at each firing: rights that were taken away since the declaration are gone.
    own = standing(tx, trigger.declared_by) or Principal(name=trigger.declared_by)
    return Principal(name=trigger.ref, kind="system", permissions=own.permissions, grants=own.grants)


def acting_for(ctx: Context, trigger: Trigger, cause: str | None) -> Context:
    """Return a view of `ctx` in which a trigger acts, with the rights that its declarer has now."""
    return ctx.with_(principal=principal_for(ctx.tx, trigger), cause=cause)


def check_declarer(acting: Context, trigger: Trigger, kind: TriggerKind, action: Action) -> None:
    """Refuse what the trigger's declarer may not do any more.

    Raises
    ------
    Forbidden
        Which says who declared it and how another one can stand for it.
    """
    try:
        check_permitted(acting.principal, kind, action)
    except Forbidden as error:
        who = trigger.declared_by or "nobody who is known"
        forbidden = Forbidden(
            f"{who}, who declared {trigger.ref}, may not do what it does",
            where=trigger.ref,
            why=error.why,
            hint=f"somebody who may stands for it: meguru trigger resume {trigger.name}",
        )
        forbidden.lacks = error.lacks
        raise forbidden from error


def take_over(ctx: Context, trigger: Trigger) -> None:
    """Have a trigger act in the caller's name, if its declarer may not do any more what it does.

    Raises
    ------
    Forbidden
        If the caller may not either.
    """
    kind, action = kind_of(trigger.on), action_of(trigger.action)
    try:
        check_declarer(acting_for(ctx, trigger, None), trigger, kind, action)
    except Forbidden:
        check_permitted(ctx.principal, kind, action)
        store.set_declarer(ctx.tx, trigger.name, ctx.principal.name)
        ctx.emit("trigger.taken_over", trigger.ref, data={"before": trigger.declared_by})
