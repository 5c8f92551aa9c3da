"""The specs of triggers: see `meguru.kernel.declarations.SpecStore`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

import msgspec
from sqlalchemy import Connection

from meguru.base import refs
from meguru.kernel import events
from meguru.kernel.operations import Context
from meguru.triggers import store
from meguru.triggers.arrivals import store as arrivals
from meguru.triggers.delegation import check_permitted
from meguru.triggers.kind import TriggerSpec
from meguru.triggers.parse import action_of, kind_of
from meguru.triggers.spec_checks import check_conditions, check_limits
from meguru.triggers.types import Trigger


def find(tx: Connection, name: str) -> TriggerSpec | None:
    """Return the present spec; None if there is no such trigger."""
    trigger = store.find(tx, name)
    return None if trigger is None else _spec(trigger)


def find_many(tx: Connection, names: Sequence[str]) -> dict[str, TriggerSpec]:
    """Return the present specs of those of these names that are there."""
    return {trigger.name: _spec(trigger) for trigger in store.find_many(tx, names)}


def _spec(found: Trigger) -> TriggerSpec:
    spec = msgspec.convert(found, TriggerSpec, from_attributes=True)
    return _seen_from(refs.project_of(found.name), spec)


def names(tx: Connection, projects: AbstractSet[str] | None) -> list[str]:
    """Return the names of what is declared in some projects (None: in all), sorted."""
    return [trigger.name for trigger in store.all_triggers(tx, projects)]


def check(ctx: Context, name: str, spec: TriggerSpec) -> TriggerSpec:
    """Return the spec with the things it names in full; refuse what could never match or never start.

    Raises
    ------
    Forbidden
        If its author may not do what the trigger would, in the project of a thing that it names.
    """
    check_limits(spec)
    project = refs.project_of(name)
    kind, action = kind_of(spec.on), action_of(spec.action)
    on = _in_full(project, spec.on, getattr(kind, "names", {}))
    does = _in_full(project, spec.action, getattr(action, "names", {}))
    kind, action = kind_of(on), action_of(does)
    kind.check(ctx)
    action.check(ctx)
    check_conditions(ctx, kind, spec)
    check_permitted(ctx.principal, kind, action)
    return _seen_from(project, msgspec.structs.replace(spec, on=on, action=does))


def uses(name: str, spec: TriggerSpec) -> list[str]:
    """Return nothing: what a trigger names may get new versions without it."""
    del name, spec
    return []


def save(ctx: Context, name: str, spec: TriggerSpec) -> None:
    """Write the spec; what it now waits for counts from this declaration on."""
    trigger = store.find(ctx.tx, name)
    spec = _each_name(spec, lambda given: refs.within("", given))
    values: dict[str, Any] = msgspec.structs.asdict(spec) | {"declared_by": ctx.principal.name}
    if trigger is None or trigger.on != spec.on:
        # The event of this declaration is the next one; what came before it is not waited for.
        values |= {
            "created_seq": events.lock(ctx.tx)[0] + 1,
            "due_at": kind_of(spec.on).next_due(ctx.now()),
        }
        arrivals.forget_position(ctx.tx, name)
    store.declare(ctx.tx, name, values, at=ctx.now())


def retire(ctx: Context, name: str) -> None:
    """Take the trigger out of use; its firings stay, and what it owes is let go."""
    store.supersede(ctx.tx, name, "the trigger was retired")
    store.retire(ctx.tx, name, ctx.now())


def _seen_from(project: str, spec: TriggerSpec) -> TriggerSpec:
    """Name a thing of the default project so that the spec means the same when it is declared again."""
    return _each_name(spec, lambda name: refs.relative_to(project, name))


def _each_name(spec: TriggerSpec, change: Callable[[str], str]) -> TriggerSpec:
    """Change all names of things in a spec."""

    def changed(given: dict[str, Any], names: Iterable[str]) -> dict[str, Any]:
        return given | {name: change(given[name]) for name in names if isinstance(given.get(name), str)}

    kind, action = kind_of(spec.on), action_of(spec.action)
    return msgspec.structs.replace(
        spec,
        on=changed(spec.on, getattr(kind, "names", {})),
        action=changed(spec.action, getattr(action, "names", {})),
    )


def _in_full(project: str, given: dict[str, Any], names: dict[str, tuple[str, str]]) -> dict[str, Any]:
    """Complete the names in `given`; `names` says by field of which kind each is, and what is done."""
    return given | {
        field: refs.within(project, str(given[field]).removeprefix(f"{kind}/"))
        for field, (kind, _) in names.items()
        if isinstance(given.get(field), str)
    }
