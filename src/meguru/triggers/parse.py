"""Read `on` and `action`: which member of its family each means, and whether its fields are right."""

from __future__ import annotations

from functools import cache
from typing import Any

import msgspec

from meguru.base.plugins import PluginFamily
from meguru.base.type_errors import as_invalid
from meguru.errors import InvalidInput, NotFound, near_misses
from meguru.triggers.actions import ACTIONS, Action
from meguru.triggers.kinds import KINDS, TriggerKind


def kind_of(on: dict[str, Any]) -> TriggerKind:
    """Return the kind that `on` describes, recognised by its field: ``{"cron": …}`` is a cron."""
    kind: TriggerKind = _member(KINDS, "on", "kind", on)
    return kind


def action_of(action: dict[str, Any]) -> Action:
    """Return the action that `action` describes: ``{"pipeline": …}`` runs one."""
    member: Action = _member(ACTIONS, "action", "action", action)
    return member


def _member(table: PluginFamily, field: str, tag: str, given: dict[str, Any]) -> Any:
    """Decode `given`; a tag (``kind``, ``action``) with the member's name may stand beside its fields."""
    fields = {key: value for key, value in given.items() if key != tag}
    if tag in given:
        try:
            member = table.load(str(given[tag]))
        except NotFound as error:
            raise InvalidInput(error.what, why=error.why, hint=error.hint, field=f"{field}.{tag}") from None
    else:
        member = _by_key(table, field, fields)
    try:
        return msgspec.convert(fields, member)
    except msgspec.ValidationError as error:
        fault = as_invalid(error, field, member)
        where = f"{field}.{fault.field}".rstrip(".")
        raise InvalidInput(fault.what, why=fault.why, hint=fault.hint, field=where) from None


@cache
def _members(table: PluginFamily) -> dict[str, Any]:
    """Return the family's members by the field they are recognised by."""
    return {table.load(name).key: table.load(name) for name in table.names()}


def _by_key(table: PluginFamily, field: str, fields: dict[str, Any]) -> Any:
    members = _members(table)
    for key in fields:
        if key in members:
            return members[key]
    close = [near for name in fields for near in near_misses(name, members)]
    raise InvalidInput(
        f"{field} names no {table.family}: {', '.join(fields) or 'it is empty'}",
        why=f"one of these fields is needed: {', '.join(sorted(members))}",
        hint=f"did you mean {close[0]!r}?" if close else "",
        field=field,
    )
