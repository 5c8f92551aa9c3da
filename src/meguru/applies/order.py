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
from meguru.errors import InvalidInput, NotFound
from meguru.kernel.declarations import SpecStore
from meguru.kernel.kinds.kind import Kind, kinds, load

_MISSING = re.compile(r"there is no (?P<title>[\w -]+) (?P<quote>['\"])(?P<name>.+?)(?P=quote)")


def coming(error: NotFound, project: str, listed: AbstractSet[str]) -> str | None:
    """Return the thing of the file that was missing, so that it is there when its turn comes; else None."""
    said = _MISSING.search(error.what)
    kind = _by_title().get(said["title"]) if said else None
    if said is None or kind is None:
        return None
    ref = refs.make(kind, refs.within(project, said["name"]))
    return ref if ref in listed else None


def in_order(actions: list[PlannedAction]) -> list[PlannedAction]:
    """Order what is to be declared: as its kinds are listed, those that bring news last; but needs go first.

    Raises
    ------
    InvalidInput
        If things need each other.
    """
    usual = [each for each in actions if not _brings_news(each)] + [
        each for each in actions if _brings_news(each)
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
    by_ref = {each.ref: each for each in retired}
    order: TopologicalSorter[str] = TopologicalSorter()
    for ref, action in by_ref.items():
        kind, _, name = ref.partition("/")
        found = kinds()[kind]
        specs: SpecStore = load(found.spec_store)
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


def _brings_news(action: PlannedAction) -> bool:
    return kinds()[refs.parse(action.ref).kind].brings_news


@cache
def _by_title() -> dict[str, str]:
    return {word: kind.name for kind in kinds().values() for word in (kind.name, kind.title[0])}
