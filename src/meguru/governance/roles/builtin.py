"""The roles that are always there."""

from __future__ import annotations

from meguru.errors import NotFound
from meguru.kernel.kinds import kinds

ROLES: dict[str, frozenset[str]] = {
    "owner": frozenset({"*"}),
    "engineer": frozenset({"*:read"}),
    "data-scientist": frozenset({"*:read"}),
    "service": frozenset(),
    "viewer": frozenset({"*:read"}),
    "guest": frozenset(),
}
"""A guest may do nothing but what a role in a project gives."""
FIXED = frozenset({"owner", "guest"})
"""What nobody can declare otherwise: there would be no way back, and no role that gives nothing."""


def permissions_of(role: str) -> frozenset[str]:
    """Return what a built-in role may do: what is said here, and what each kind grants it."""
    if role not in ROLES:
        raise NotFound.of("role", role, ROLES)
    granted = {f"{kind.name}:{verb}" for kind in kinds().values() for verb in kind.grants.get(role, ())}
    return ROLES[role] | granted
