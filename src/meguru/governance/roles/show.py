"""List the roles: those that are built in and those that are declared."""

from __future__ import annotations

import msgspec

from meguru.errors import NotFound
from meguru.governance.rights import AccessTable, read_table
from meguru.governance.roles.builtin import ROLES, permissions_of
from meguru.kernel.operations import Context, operation


class RoleRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A role and the permissions that it gives; `builtin` when nobody declared it."""

    name: str
    allow: list[str]
    description: str = ""
    builtin: bool = False


@operation("role.list", permission="role:read", query=True)
def list_roles(ctx: Context) -> list[RoleRecord]:
    """List the roles with the permissions that each gives."""
    declared = read_table(ctx.tx).role
    built_in = [
        RoleRecord(name=name, allow=sorted(permissions_of(name)), builtin=True)
        for name in ROLES
        if name not in declared
    ]
    return built_in + [
        RoleRecord(name=name, allow=each.allow, description=each.description)
        for name, each in declared.items()
    ]


def check_role(table: AccessTable, role: str) -> None:
    """Raise NotFound, with names that look like it, unless there is a role of this name."""
    if role not in ROLES and role not in table.role:
        raise NotFound.of("role", role, [*ROLES, *table.role])
