"""The specs of groups: see `meguru.kernel.declarations.SpecStore`."""

from __future__ import annotations

from meguru.base.names import normal
from meguru.errors import Conflict, InvalidInput, NotFound
from meguru.governance import store
from meguru.governance.groups.claims import check_claims
from meguru.governance.groups.kind import GroupSpec
from meguru.governance.owners import check_held
from meguru.governance.rights import projects_of, read_table
from meguru.governance.rules import AccessRules
from meguru.kernel.operations import Context

MAX_MEMBERS = 10_000


def _check(ctx: Context, name: str, spec: GroupSpec) -> GroupSpec:
    """Return the spec with its members once each; who changes who belongs to it holds what it gives."""
    members = sorted({each.removeprefix("principal/") for each in spec.members})
    if len(members) > MAX_MEMBERS:
        raise InvalidInput(f"a group has at most {MAX_MEMBERS:,} members", field="members")
    known = {who.name for who in store.list_principals(ctx.tx)} if members else set()
    for member in members:
        if member not in known:
            raise NotFound.of("principal", member, known)
    check_claims(spec.claims, "claims")
    group_spec = GroupSpec(members=members, claims=spec.claims, description=normal(spec.description)[:1000])
    before = STORE.find(ctx.tx, name)
    if before is None or (before.members, before.claims) != (group_spec.members, group_spec.claims):
        table = read_table(ctx.tx)
        for grant_name, grant in table.grant.items():
            if grant.to == f"group/{name}":
                for project in projects_of(grant_name, grant):
                    check_held(ctx, table.permissions(grant.role), project, f"grant/{grant_name}")
    return group_spec


def _check_unused(ctx: Context, name: str, spec: GroupSpec) -> None:
    del spec
    used = [each for each, grant in read_table(ctx.tx).grant.items() if grant.to == f"group/{name}"]
    if used:
        raise Conflict(
            f"the group {name} is in use",
            where=f"group/{name}",
            why=f"{', '.join(f'grant/{each}' for each in used[:5])} gives it a role",
            hint=f"take it away first: meguru grant delete {used[0]}",
        )


def _uses(name: str, spec: GroupSpec) -> list[str]:
    del name
    return [f"principal/{member}" for member in spec.members]


def _without(spec: GroupSpec, ref: str) -> GroupSpec:
    members = [each for each in spec.members if f"principal/{each}" != ref]
    return GroupSpec(members=members, claims=spec.claims, description=spec.description)


STORE = AccessRules(
    "group", GroupSpec, check=_check, uses=_uses, before_retire=_check_unused, without=_without
)
