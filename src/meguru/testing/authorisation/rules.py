"""What somebody should be answered, worked out from roles and from what the reference promises."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

import msgspec
from msgspec import inspect

from meguru.base.refs import Ref
from meguru.kernel.operations import Operation
from meguru.kernel.operations.subject import is_shared
from meguru.testing.authorisation.arguments import fields_of
from meguru.testing.authorisation.people import Person

OF_OTHERS = {("run", "run:write"): "run:admin"}
"""What is needed beside an operation's permission to change what another started, by the kind of that."""


class Due(NamedTuple):
    """What is due to somebody: all is well at 200, 403 for want of a permission, or 404."""

    status: int
    lacks: str = ""


ALLOWED, HIDDEN = Due(200), Due(404)


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """What an operation needs: its permission, and, to change what another started, one more.

    `on` is the argument that names what it touches, and `kind` of which kind that is; what touches no single
    thing needs its permission in every project, unless it is a list and `filters`; so does what changes a
    thing that all projects have in common (`shared`).
    """

    permission: str
    on: str = ""
    kind: str = ""
    query: bool = False
    filters: bool = False
    shared: bool = False
    of_others: str = ""

    def due(self, person: Person, project: str) -> Due:
        """Return what is due to somebody who asks for it with a thing of a project, which another made."""
        if not person.may_somewhere(self.permission):
            return Due(403, self.permission)
        if self.filters or (self.shared and self.query):
            return ALLOWED
        if not person.may(self.permission, project if self.on and not self.shared else None):
            noun = self.permission.partition(":")[0]
            seen = not self.on or self.shared or person.may(f"{noun}:read", project)
            return Due(403, self.permission) if seen else HIDDEN
        if self.of_others and not person.may(self.of_others, project):
            return Due(403, self.of_others)
        return ALLOWED


def rules(
    operations: Mapping[str, Operation[..., Any]],
    permissions: Mapping[str, str],
    *,
    subjects: Mapping[str, tuple[str, str]],
    everywhere: Collection[str],
) -> dict[str, Rule]:
    """Return the rule of each operation.

    Parameters
    ----------
    operations
        By name.
    permissions
        Those that the reference promises.
    subjects
        What is touched, by argument and kind, of operations that look themselves whether it may be seen.
    everywhere
        The queries that need their permission in every project.
    """
    found = {}
    for name, each in operations.items():
        on, kind = subjects.get(name) or (each.on, _kind(each))
        found[name] = Rule(
            permission=permissions[name],
            on=on,
            kind=kind,
            query=each.query,
            shared=is_shared(Ref(kind, "")),
            filters=each.query and not on and name not in everywhere,
            of_others=OF_OTHERS.get((kind, permissions[name]), ""),
        )
    return found


def _kind(operation: Operation[..., Any]) -> str:
    # What does not say yet what it touches, but takes a run, touches it.
    if operation.on:
        return operation.refers[operation.on]
    texts = {field.name for field in fields_of(operation) if isinstance(field.type, inspect.StrType)}
    return "run" if "run" in texts else ""
