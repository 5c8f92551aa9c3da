"""In which order a plan is carried out: what others need before them, what they wait for after them."""

from __future__ import annotations

import re
from collections.abc import Set as AbstractSet
from functools import cache
from graphlib import CycleError, TopologicalSorter
from typing import Any

import msgspec

from meguru.applies.types import PlannedAction
from meguru.base import refs
from meguru.base.type_errors import as_invalid
from meguru.errors import InvalidInput, NotFound, near_misses
from meguru.kernel import declarations
from meguru.kernel.kinds.kind import Kind, kinds

_MISSING = re.compile(r"there is no (?P<title>[\w -]+) (?P<quote>['\"])(?P<name>.+?)(?P=quote)")


def missing(error: NotFound, project: str) -> str:
    """Return the reference of what an error says is not there; empty if that can't be told."""
    said = _MISSING.search(error.what)
    kind = _by_title().get(said["title"]) if said else None
    return refs.make(kind, refs.within(project, said["name"])) if said and kind else ""


def refusal(error: NotFound, ref: str, spec: dict[str, Any], listed: AbstractSet[str]) -> InvalidInput:
    """Return what to tell of a name that nothing has: where in the spec it stands, and what was meant."""
    kind, _, name = ref.partition("/")
    known = [each.partition("/")[2] for each in listed if each.startswith(f"{kind}/")]
    close = near_misses(name, known) if name else []
    hint = error.hint or (f"did you mean {close[0]!r}?" if close else "")
    field = error.field or field_of(spec, {name, refs.bare(name)})
    return InvalidInput(error.what, why=error.why, hint=hint, field=field)


def field_of(value: Any, names: set[str], field: str = "") -> str:
    """Return the path of the first text in a spec that is one of these names; empty if none is."""
    if isinstance(value, str):
        head = value.partition("@")[0]
        return field if head in names or head.partition("/")[2] in names else ""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in inner:
        path = f"{field}[{key}]" if isinstance(value, list) else f"{field}.{key}" if field else str(key)
        if found := field_of(each, names, path):
            return found
    return ""


def in_order(actions: list[PlannedAction]) -> list[PlannedAction]:
    """Order what is to be declared: as its kinds are listed, those that bring news last; but needs go first.

    Raises
    ------
    InvalidInput
        If things need each other.
    """
    usual = [planned_action for planned_action in actions if not _is_applied_last(planned_action)] + [
        planned_action for planned_action in actions if _is_applied_last(planned_action)
    ]
    by_ref = {each.ref: each for each in usual}
    done: dict[str, PlannedAction] = {}

    def take(action: PlannedAction, waiting: tuple[str, ...]) -> None:
        if action.ref in waiting:
            raise InvalidInput("these need each other", why=" -> ".join([*waiting, action.ref]))
        if action.needs in by_ref and action.needs not in done:
            take(by_ref[action.needs], (*waiting, action.ref))
        done.setdefault(action.ref, action)

    for each in usual:
        take(each, ())
    return list(done.values())


def users_first(retired: list[PlannedAction]) -> list[PlannedAction]:
    """Order what is to be retired: what uses another thing goes before it."""
    by_ref = {planned_action.ref: planned_action for planned_action in retired}
    order: TopologicalSorter[str] = TopologicalSorter()
    for ref, action in by_ref.items():
        kind, _, name = ref.partition("/")
        found = kinds()[kind]
        specs = declarations.store_of(found)
        used = specs.uses(name, typed(found, action.before or {}))
        order.add(ref, *(each for each in used if each in by_ref and each != ref))
    try:
        return [by_ref[ref] for ref in reversed(list(order.static_order()))]
    except CycleError:  # they use each other: any order is as good
        return list(by_ref.values())


def typed(kind: Kind, spec: dict[str, Any]) -> msgspec.Struct:
    """Return plain fields as the spec of a kind; InvalidInput names the one that is wrong."""
    shape: Any = kind.spec
    try:
        made: msgspec.Struct = msgspec.convert(spec, shape)
    except msgspec.ValidationError as error:
        raise as_invalid(error, "", shape) from None
    return made


def _is_applied_last(action: PlannedAction) -> bool:
    return kinds()[refs.parse(action.ref).kind].applied_last


@cache
def _by_title() -> dict[str, str]:
    return {word: kind.name for kind in kinds().values() for word in (kind.name, kind.title[0])}
