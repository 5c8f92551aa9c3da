"""What somebody may do by now, whoever acts in their name: a trigger does no more than its declarer may."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import Connection

from meguru.governance import store
from meguru.governance.rights import Rights, read_table, rights_of
from meguru.governance.types import PrincipalRecord
from meguru.kernel.principals import LOCAL_OWNER, Principal


def standing(tx: Connection, name: str, now: datetime | None = None) -> Principal | None:
    """Return somebody with the rights they have now; None when they are gone, or may not act any more.

    Who works in the embedded workspace without a name of their own is its owner. `now` is the moment by which
    groups that rest on a sign-in lapse; by default that of the machine.
    """
    principal = store.find_principal(tx, name)
    if principal is None:
        return LOCAL_OWNER if name == LOCAL_OWNER.name else None
    return (
        None
        if principal.disabled
        else with_rights(principal, rights_of(tx, principal, read_table(tx), now or datetime.now(UTC)))
    )


def with_rights(owner: PrincipalRecord, rights: Rights, scope: frozenset[str] | None = None) -> Principal:
    """Return a known principal with its present rights, at most those of `scope`."""
    return Principal(
        name=owner.name,
        kind=owner.kind,
        permissions=rights.everywhere,
        grants=rights.within,
        scope=scope,
    )
