"""Who acts, and what they may do."""

from __future__ import annotations

import msgspec


class Principal(msgspec.Struct, frozen=True, kw_only=True):
    """A person, a service or a part of the system, with its permissions.

    A permission is ``noun:verb``; ``noun:*``, ``*:verb`` and ``*`` stand for many.
    """

    name: str
    permissions: frozenset[str] = frozenset()
    kind: str = "user"
    scope: frozenset[str] | None = None
    """What the token in use may do at most; None when it may do all that its owner may."""

    def allows(self, permission: str) -> bool:
        """Tell whether this principal holds a permission, and came with a token that covers it."""
        within = self.scope is None or covers(self.scope, permission)
        return within and covers(self.permissions, permission)


def covers(held: frozenset[str], permission: str) -> bool:
    """Tell whether a set of permissions includes one."""
    noun, _, verb = permission.partition(":")
    return bool(held & {"*", permission, f"{noun}:*", f"*:{verb}"})


LOCAL_OWNER = Principal(name="local", permissions=frozenset({"*"}), kind="owner")
"""Who works in an embedded workspace: whoever may open its files."""


def system(name: str) -> Principal:
    """Return the part of the system called `name` (``trigger/retrain``), which acts with full rights."""
    return Principal(name=name, permissions=frozenset({"*"}), kind="system")
