"""List projects; say who may do what in one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from meguru.base import refs
from meguru.errors import NotFound
from meguru.governance import store as principals
from meguru.governance.owners import changing_rights, check_held
from meguru.governance.projects.types import Member, ProjectRecord
from meguru.governance.rights import read_table
from meguru.governance.roles.show import check_role
from meguru.kernel.operations import Context, operation
from meguru.kernel.projects import check_project, store


@operation("project.list", permission="project:read", query=True)
def list_projects(ctx: Context) -> list[ProjectRecord]:
    """List the projects that its caller may see, the default one first."""
    visible = ctx.visible
    projects = [_record(row) for row in store.page(ctx.tx, visible)]
    if visible is None or "" in visible:
        projects.insert(0, ProjectRecord(name=refs.DEFAULT, description="names without a project"))
    return projects


@operation("project.members", permission="project:read", query=True, on="name")
def list_members(ctx: Context, *, name: str) -> list[Member]:
    """List who has a role in a project, beside those whose role holds in all."""
    return [Member(**row) for row in store.members(ctx.tx, _project_key(ctx, name))]


@operation("project.grant", permission="project:grant", on="name")
def grant(ctx: Context, *, name: str, principal: str, role: str) -> list[Member]:
    """Give a principal a role in one project, in place of the one it had there."""
    project = _project_key(ctx, name)
    table = read_table(ctx.tx)
    check_role(table, role)
    principal = principals.get_principal(ctx.tx, principal).name
    if store.roles_of(ctx.tx, principal).get(project) != role:
        check_held(ctx, table.permissions(role), project, f"the role {role}")
        with changing_rights(ctx):
            store.set_member(ctx.tx, project, principal, role, ctx.now())
        ctx.emit("project.member_set", f"project/{name}", data={"principal": principal, "role": role})
    return [Member(**row) for row in store.members(ctx.tx, project)]


@operation("project.revoke", permission="project:grant", on="name")
def revoke(ctx: Context, *, name: str, principal: str) -> list[Member]:
    """Take a principal's role in one project away; a role that holds in all projects stays."""
    project, principal = _project_key(ctx, name), principal.removeprefix("principal/")
    held = store.roles_of(ctx.tx, principal)
    if project not in held:
        where = f"project/{name}"
        raise NotFound(f"{principal!r} has no role in {name}", where=where, why="there is none to take away")
    with changing_rights(ctx):
        store.set_member(ctx.tx, project, principal, None, ctx.now())
    ctx.emit("project.member_removed", f"project/{name}", data={"principal": principal})
    return [Member(**row) for row in store.members(ctx.tx, project)]


def _project_key(ctx: Context, name: str) -> str:
    check_project(ctx.tx, name)
    return "" if name == refs.DEFAULT else name


def _record(row: Mapping[str, Any]) -> ProjectRecord:
    return ProjectRecord(**{name: row[name] for name in ProjectRecord.__struct_fields__})
