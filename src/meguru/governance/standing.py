"""What somebody may do by now, whoever acts in their name: a trigger does no more than its declarer may."""

from __future__ import annotations

from sqlalchemy import Connection

from meguru.governance import store
from meguru.governance.roles import permissions_of
from meguru.governance.types import PrincipalRecord
from meguru.kernel.principals import LOCAL_OWNER, Principal
from meguru.kernel.projects.store import roles_of


def standing(tx: Connection, name: str) -> Principal | None:
    """Return somebody with the rights they have now; None when they are gone, or may not act any more.

    Who works in the embedded workspace without a name of their own is its owner.
    """
    found = store.find_principal(tx, name)
    if found is None:
        return LOCAL_OWNER if name == LOCAL_OWNER.name else None
    return None if found.disabled else with_rights(tx, found)


def with_rights(tx: Connection, owner: PrincipalRecord, scope: frozenset[str] | None = None) -> Principal:
    """Return a known principal with its present rights, at most those of `scope`."""
    return Principal(
        name=owner.name,
        kind=owner.kind,
        permissions=permissions_of(owner.role),
        grants={project: permissions_of(role) for project, role in roles_of(tx, owner.name).items()},
        scope=scope,
    )
