"""What a principal may do: its own role, and what grants give to it and to its groups."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, select

from meguru.base import refs
from meguru.governance.grants.kind import GrantSpec
from meguru.governance.groups.kind import GroupSpec
from meguru.governance.roles.builtin import ROLES, permissions_of
from meguru.governance.roles.kind import RoleSpec
from meguru.governance.schema import access_rule, identity
from meguru.governance.trusts.kind import TrustSpec
from meguru.governance.types import PrincipalRecord
from meguru.kernel.projects.store import roles_of

EVERYWHERE = "*"
TRUSTED = "trust:"
"""What the name of a trust's principal begins with; nobody else is called so."""
_KINDS: Mapping[str, Any] = {"role": RoleSpec, "group": GroupSpec, "grant": GrantSpec, "trust": TrustSpec}


class AccessTable(msgspec.Struct, frozen=True, kw_only=True):
    """All roles, groups, grants and trusts that are declared, by name."""

    role: dict[str, RoleSpec] = {}
    group: dict[str, GroupSpec] = {}
    grant: dict[str, GrantSpec] = {}
    trust: dict[str, TrustSpec] = {}

    def permissions(self, role: str) -> frozenset[str]:
        """Return what a role gives: as it is declared, else as it is built in; nothing if it is neither."""
        declared = self.role.get(role)
        if declared is not None:
            return frozenset(declared.allow)
        return permissions_of(role) if role in ROLES else frozenset()


class Holding(msgspec.Struct, frozen=True, kw_only=True):
    """One role that somebody has in a project (``*``: in all), and through what."""

    role: str
    project: str
    via: str


class Rights(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody may do: in all projects, and in some; until when that holds without another look."""

    everywhere: frozenset[str]
    within: dict[str, frozenset[str]]
    until: datetime | None = None


def read_table(tx: Connection) -> AccessTable:
    """Read all that is declared of roles, groups, grants and trusts."""
    found: dict[str, dict[str, Any]] = {kind: {} for kind in _KINDS}
    query = select(access_rule.c.kind, access_rule.c.name, access_rule.c.spec)
    for kind, name, spec in tx.execute(
        query.where(access_rule.c.kind.in_(_KINDS), access_rule.c.retired_at.is_(None)).order_by("name")
    ):
        found[kind][name] = msgspec.convert(spec, _KINDS[kind])
    return AccessTable(**found)


def rights_of(tx: Connection, who: PrincipalRecord, table: AccessTable, now: datetime) -> Rights:
    """Return what a principal may do."""
    everywhere: frozenset[str] = frozenset()
    within: dict[str, frozenset[str]] = {}
    for holding in holdings(tx, who, table, now):
        held = table.permissions(holding.role)
        if holding.project == EVERYWHERE:
            everywhere |= held
        elif held:
            within[holding.project] = within.get(holding.project, frozenset()) | held
    # Without groups that rest on claims it lapses too early, which costs a look at the database and no more.
    lapses = [until for _, until in _claims(tx, who.name) if until > now]
    return Rights(everywhere=everywhere, within=within, until=min(lapses, default=None))


def holdings(tx: Connection, who: PrincipalRecord, table: AccessTable, now: datetime) -> Iterator[Holding]:
    """Give every role that somebody has; the default project is the empty text."""
    yield Holding(role=who.role, project=EVERYWHERE, via="")
    for project, role in roles_of(tx, who.name).items():
        yield Holding(role=role, project=project, via=f"project/{project or refs.DEFAULT}")
    trust = table.trust.get(who.name.removeprefix(TRUSTED)) if who.name.startswith(TRUSTED) else None
    if trust:
        via = f"trust/{who.name.removeprefix(TRUSTED)}"
        yield from (Holding(role=trust.role, project=_project_key(each), via=via) for each in trust.projects)
    mine = {f"principal/{who.name}"}
    if table.grant and table.group:
        mine |= {f"group/{name}" for name in groups_of(tx, who.name, table, now)}
    for name, grant in table.grant.items():
        if grant.to in mine:
            via = grant.to if grant.to.startswith("group/") else f"grant/{name}"
            for project in projects_of(name, grant):
                yield Holding(role=grant.role, project=project, via=via)


def projects_of(name: str, grant: GrantSpec) -> list[str]:
    """Return the projects in which a grant holds; the default one is the empty text, ``*`` is all of them."""
    return [_project_key(project) for project in grant.projects] or [refs.project_of(name)]


def _project_key(project: str) -> str:
    return "" if project == refs.DEFAULT else project


def groups_of(tx: Connection, principal: str, table: AccessTable, now: datetime) -> list[str]:
    """Return the groups that somebody belongs to now, by name."""
    claims = [claims for claims, until in _claims(tx, principal) if until > now]
    return [name for name, group in table.group.items() if is_member(group, principal, claims)]


def members_of(
    tx: Connection, principals: Iterable[str], table: AccessTable, now: datetime
) -> dict[str, list[str]]:
    """Return by group which of some principals belong to it now: one query for all."""
    claims: dict[str, list[dict[str, Any]]] = {}
    query = select(identity.c.principal, identity.c.claims, identity.c.claims_until)
    for name, said, until in tx.execute(query):
        if until > now:
            claims.setdefault(name, []).append(said)
    names = list(principals)
    return {
        group: [name for name in names if is_member(spec, name, claims.get(name, ()))]
        for group, spec in table.group.items()
    }


def is_member(group: GroupSpec, principal: str, claims: Iterable[Mapping[str, Any]]) -> bool:
    """Tell whether a principal belongs to a group: by name, or by one sign-in that made all its claims."""
    return principal in group.members or any(has_claims(claim, group.claims) for claim in claims)


def has_claims(said: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """Tell whether claims say all that is wanted; nothing is never said."""
    return bool(wanted) and all(_says(said.get(key), value) for key, value in wanted.items())


def _says(said: Any, wanted: Any) -> bool:
    given = said if isinstance(said, list) else [said]
    allowed = wanted if isinstance(wanted, list) else [wanted]
    # JSON's true and Python's True: what is declared is text, as in "email_verified": "true".
    texts = (str(each).lower() if isinstance(each, bool) else str(each) for each in given if each is not None)
    return any(text in allowed for text in texts)


def _claims(tx: Connection, principal: str) -> list[tuple[dict[str, Any], datetime]]:
    query = select(identity.c.claims, identity.c.claims_until).where(identity.c.principal == principal)
    return [(row.claims, row.claims_until) for row in tx.execute(query)]
