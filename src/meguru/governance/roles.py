"""The roles, each a set of permissions."""

from __future__ import annotations

from meguru.errors import NotFound
from meguru.kernel.kinds import kinds

ROLES: dict[str, frozenset[str]] = {
    "owner": frozenset({"*"}),
    "engineer": frozenset(
        {
            "*:read",
        }
    ),
    "data-scientist": frozenset(
        {
            "*:read",
        }
    ),
    "service": frozenset(),
    "viewer": frozenset({"*:read"}),
    "guest": frozenset(),
}
"""A guest may do nothing but what a role in a project gives."""


def permissions_of(role: str) -> frozenset[str]:
    """Return what a role may do: what is said here, and what each kind grants it."""
    if role not in ROLES:
        raise NotFound.of("role", role, ROLES)
    granted = {f"{kind.name}:{verb}" for kind in kinds().values() for verb in kind.grants.get(role, ())}
    return ROLES[role] | granted
