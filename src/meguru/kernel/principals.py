"""Who acts, and what they may do where."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

ANYBODY = "self:read"
"""The permission of what everybody who was let in may ask, of themselves alone."""


class Principal(msgspec.Struct, frozen=True, kw_only=True):
    """A person, a service or a part of the system, with its permissions.

    A permission is ``noun:verb``; ``noun:*``, ``*:verb`` and ``*`` stand for many. `permissions` hold in
    every project, `grants` each in one; the default project is the empty text.
    """

    name: str
    permissions: frozenset[str] = frozenset()
    grants: Mapping[str, frozenset[str]] = {}
    kind: str = "user"
    scope: frozenset[str] | None = None
    """What the token in use may do at most; None when it may do all that its owner may."""
    claims: Mapping[str, Any] = {}
    """What another system signed of who asks, when the token was given for one of its own."""
    token: str = ""
    """The id of the token in use; empty for who came without one."""

    def allows(self, permission: str, project: str | None = None) -> bool:
        """Tell whether this principal holds a permission in a project (None: in every one).

        It must also have come with a token that covers it.
        """
        if self.scope is not None and not covers(self.scope, permission):
            return False
        if covers(self.permissions, permission):
            return True
        return project is not None and covers(self.grants.get(project, frozenset()), permission)

    @property
    def known_projects(self) -> frozenset[str] | None:
        """The projects in which this principal may do anything; None when a right of it holds in all."""
        return None if self.permissions else frozenset(self.grants)

    def allows_somewhere(self, permission: str) -> bool:
        """Tell whether this principal holds a permission in any project."""
        if self.scope is not None and not covers(self.scope, permission):
            return False
        if covers(self.permissions, permission):
            return True
        return any(covers(held, permission) for held in self.grants.values())

    def projects(self, permission: str) -> frozenset[str] | None:
        """Return the projects in which this principal holds a permission; None when it does in all."""
        if self.allows(permission):
            return None
        if self.scope is not None and not covers(self.scope, permission):
            return frozenset()
        return frozenset(project for project, held in self.grants.items() if covers(held, permission))


def covers(held: frozenset[str], permission: str) -> bool:
    """Tell whether a set of permissions includes one."""
    if "*" in held or permission in held:  # each request comes by here, some a dozen times
        return True
    noun, _, verb = permission.partition(":")
    return f"{noun}:*" in held or f"*:{verb}" in held


LOCAL_OWNER = Principal(name="local", permissions=frozenset({"*"}), kind="owner")
"""Who works in an embedded workspace: whoever may open its files."""


def system(name: str) -> Principal:
    """Return the part of the system called `name` (``trigger/retrain``), which acts with full rights."""
    return Principal(name=name, permissions=frozenset({"*"}), kind="system")
