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

    def allows(self, permission: str) -> bool:
        """Tell whether this principal holds a permission."""
        noun, _, verb = permission.partition(":")
        held = self.permissions
        return "*" in held or permission in held or f"{noun}:*" in held or f"*:{verb}" in held


LOCAL_OWNER = Principal(name="local", permissions=frozenset({"*"}), kind="owner")
"""Who works in an embedded workspace: whoever may open its files."""


def system(name: str) -> Principal:
    """Return the part of the system called `name` (``trigger/retrain``), which acts with full rights."""
    return Principal(name=name, permissions=frozenset({"*"}), kind="system")
