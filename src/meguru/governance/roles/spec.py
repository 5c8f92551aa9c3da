"""The specs of roles: see `meguru.kernel.declarations.SpecStore`."""

from __future__ import annotations

from sqlalchemy import Connection, select

from meguru.base.names import normal
from meguru.errors import Conflict, InvalidInput
from meguru.governance.owners import check_held
from meguru.governance.rights import EVERYWHERE, read_table
from meguru.governance.roles.builtin import FIXED, ROLES
from meguru.governance.roles.kind import RoleSpec
from meguru.governance.roles.permissions import check_permission
from meguru.governance.rules import AccessRules
from meguru.governance.schema import access_rule, principal
from meguru.kernel.operations import Context
from meguru.kernel.projects.schema import project_member

MAX_PERMISSIONS = 200


def _check(ctx: Context, name: str, spec: RoleSpec) -> RoleSpec:
    """Return the spec with its permissions once each; who declares it holds all of them everywhere."""
    if name in FIXED:
        raise InvalidInput(
            f"the role {name!r} can't be declared",
            field="name",
            why="it is built in",
            hint="use another name",
        )
    if len(spec.allow) > MAX_PERMISSIONS:
        raise InvalidInput(f"a role has at most {MAX_PERMISSIONS} permissions", field="allow")
    allowed = [check_permission(each, f"allow[{n}]") for n, each in enumerate(spec.allow)]
    check_held(ctx, allowed, EVERYWHERE, f"role/{name}")
    return RoleSpec(allow=list(dict.fromkeys(allowed)), description=normal(spec.description)[:1000])


def users(tx: Connection, name: str) -> list[str]:
    """Return references of what has this role, or gives it."""
    table = read_table(tx)
    found = [f"grant/{each}" for each, grant in table.grant.items() if grant.role == name]
    rows = tx.execute(select(principal.c.name).where(principal.c.role == name, ~principal.c.disabled))
    found += [f"principal/{each}" for each in rows.scalars()]
    members = select(project_member.c.principal, project_member.c.project)
    within = tx.execute(members.where(project_member.c.role == name))
    found += [f"principal/{row.principal} in {row.project or 'default'}" for row in within]
    trusts = select(access_rule.c.name, access_rule.c.spec).where(
        access_rule.c.kind == "trust", access_rule.c.retired_at.is_(None)
    )
    return found + [f"trust/{each}" for each, spec in tx.execute(trusts) if spec.get("role") == name]


def _check_unused(ctx: Context, name: str, spec: RoleSpec) -> None:
    del spec
    used = [] if name in ROLES else users(ctx.tx, name)
    if used:
        raise Conflict(
            f"the role {name} is in use",
            where=f"role/{name}",
            why=f"{', '.join(used[:5])} {'have' if len(used) > 1 else 'has'} it",
            hint="give them another role first",
        )


STORE = AccessRules("role", RoleSpec, check=_check, before_retire=_check_unused)
