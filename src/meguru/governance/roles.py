"""The roles, each a set of permissions."""

from __future__ import annotations

from meguru.errors import NotFound

ROLES: dict[str, frozenset[str]] = {
    "owner": frozenset({"*"}),
    "engineer": frozenset(
        {
            "*:read",
            "experiment:*",
            "pipeline:*",
            "pipeline_run:*",
            "pool:*",
            "backfill:*",
            "approval:*",
            "run:*",
            "dataset:*",
            "model:*",
            "release:*",
            "endpoint:read",
            "endpoint:write",
            "endpoint:predict",
            "monitor:*",
            "trigger:*",
            "webhook:*",
            "outcome:*",
            "blob:*",
        }
    ),
    "data-scientist": frozenset(
        {
            "*:read",
            "experiment:*",
            "run:*",
            "dataset:*",
            "pipeline:*",
            "pipeline_run:*",
            "backfill:*",
            "model:write",
            "blob:*",
            "endpoint:predict",
        }
    ),
    "service": frozenset({"endpoint:read", "endpoint:predict", "outcome:write"}),
    "viewer": frozenset({"*:read"}),
}


def permissions_of(role: str) -> frozenset[str]:
    """Return what a role may do."""
    if role not in ROLES:
        raise NotFound.of("role", role, ROLES)
    return ROLES[role]
