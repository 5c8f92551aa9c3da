"""The specs of grants: see `meguru.kernel.declarations.SpecStore`."""

from __future__ import annotations

from meguru.base import refs
from meguru.errors import InvalidInput, NotFound
from meguru.governance import store
from meguru.governance.grants.kind import GrantSpec
from meguru.governance.owners import check_held
from meguru.governance.rights import EVERYWHERE, projects_of, read_table
from meguru.governance.roles.show import check_role
from meguru.governance.rules import AccessRules
from meguru.kernel.operations import Context
from meguru.kernel.projects import check_project

MAX_PROJECTS = 1000
WRITE = "grant:write"
_PRINCIPALS = ("principal/", "user/", "service/")


def _check(ctx: Context, name: str, spec: GrantSpec) -> GrantSpec:
    """Return the spec with names in full; who gives a role may give there, and has what it gives."""
    grant_spec = GrantSpec(to=_receiver(ctx, spec.to), role=spec.role, projects=_projects(ctx, spec.projects))
    table = read_table(ctx.tx)
    check_role(table, spec.role)
    before = table.grant.get(name)
    for project in {*projects_of(name, grant_spec), *(projects_of(name, before) if before else ())}:
        _check_may_give(ctx, project)
    for project in projects_of(name, grant_spec):
        check_held(ctx, table.permissions(spec.role), project, f"the role {spec.role}")
    return grant_spec


def _receiver(ctx: Context, to: str) -> str:
    kind = "group" if to.startswith("group/") else "principal"
    bare = to.removeprefix("group/")
    for prefix in _PRINCIPALS if kind == "principal" else ():
        bare = bare.removeprefix(prefix)
    known = (
        list(read_table(ctx.tx).group)
        if kind == "group"
        else [who.name for who in store.list_principals(ctx.tx)]
    )
    if bare not in known:
        raise NotFound.of(kind, bare, known)
    return f"{kind}/{bare}"


def _projects(ctx: Context, given: list[str]) -> list[str]:
    if len(given) > MAX_PROJECTS:
        raise InvalidInput(f"a grant names at most {MAX_PROJECTS} projects", field="projects")
    if EVERYWHERE in given:
        if len(given) > 1:
            raise InvalidInput("a grant for all projects names no other", field="projects", why="* is all")
        return given
    for each in given:
        check_project(ctx.tx, each, among=ctx.principal.known_projects)
    return sorted(set(given))


def _check_may_give(ctx: Context, project: str) -> None:
    place = None if project == EVERYWHERE else project
    where = "in every project" if place is None else f"in {place or refs.DEFAULT}"
    ctx.require(WRITE, project=place, why=f"the permission {WRITE!r} {where} is missing")


def _check_may_take(ctx: Context, name: str, spec: GrantSpec) -> None:
    for project in projects_of(name, spec):
        _check_may_give(ctx, project)


def _uses(name: str, spec: GrantSpec) -> list[str]:
    del name
    return [spec.to]


STORE = AccessRules("grant", GrantSpec, check=_check, uses=_uses, before_retire=_check_may_take, shared=False)
