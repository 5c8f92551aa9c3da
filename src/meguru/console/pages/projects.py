"""Projects: those that the reader may see, and who has which role in one; forms for who may change that."""

from __future__ import annotations

from urllib.parse import quote

from starlette.responses import Response

from meguru.base import refs
from meguru.base.names import normal
from meguru.console.forms import FormFunction, FormValues, unknown
from meguru.console.links import base_of
from meguru.console.page_request import PageFunction, Visit
from meguru.errors import NotFound
from meguru.governance.principals import list_principals
from meguru.governance.projects.kind import ProjectSpec
from meguru.governance.projects.members import grant, list_members, list_projects, revoke
from meguru.governance.projects.operations import specs
from meguru.governance.projects.types import ProjectRecord
from meguru.governance.roles import ROLES

LIVE = "project."


def listing(visit: Visit) -> Response:
    """Show the projects."""
    return visit.render(
        "projects.html",
        found=_seen(visit),
        within=base_of,
        may_create=visit.ws.principal.allows("project:write"),
        live=LIVE,
    )


def one(visit: Visit) -> Response:
    """Show one project, and who has a role in it."""
    project = _one(visit)
    principal, place = visit.ws.principal, _place(project.name)
    may_grant = principal.allows("project:grant", place)
    known = list_principals(visit.ws) if may_grant and principal.allows("principal:read") else []
    return visit.render(
        "project.html",
        found=project,
        within=base_of,
        members=list_members(visit.ws, name=project.name),
        may_grant=may_grant,
        may_change=bool(place) and principal.allows("project:write", place),
        known=[each.name for each in known],
        roles=list(ROLES),
        live=LIVE,
    )


def create(visit: Visit, given: FormValues) -> str:
    """Make a project; one that is there is not changed."""
    name = normal(given.get("name", ""))
    spec = ProjectSpec(description=given.get("description", ""))
    specs.declare(visit.ws, name=name, spec=spec, expect={})
    return f"projects/{quote(name, safe='')}"


def change(visit: Visit, given: FormValues) -> str:
    """Do what a form on a project's page asks for."""
    ws, name, do = visit.ws, visit.named("name"), given.get("do", "")
    match do:
        case "grant":
            grant(ws, name=name, principal=given.get("principal", ""), role=given.get("role", ""))
        case "revoke":
            revoke(ws, name=name, principal=given.get("principal", ""))
        case "describe":
            specs.declare(
                ws, name=_one(visit).name, spec=ProjectSpec(description=given.get("description", ""))
            )
        case "retire":
            specs.retire(ws, name=name)
            return "../../projects"
        case _:
            raise unknown(given, ("grant", "revoke", "describe", "retire"))
    return f"../{quote(name, safe='')}"


def _one(visit: Visit) -> ProjectRecord:
    """Return the project of a page's address, if the reader may see it."""
    name, seen = normal(visit.named("name")), _seen(visit)
    project = next((project_record for project_record in seen if project_record.name == name), None)
    if project is None:
        raise NotFound.of("project", name, [project_record.name for project_record in seen])
    return project


def _seen(visit: Visit) -> list[ProjectRecord]:
    """Return all projects that the reader may see, also on a page within one."""
    return list_projects(visit.ws.with_(project=""))


def _place(name: str) -> str:
    return "" if name == refs.DEFAULT else name


FORMS: dict[str, FormFunction] = {
    "/ui/projects": create,
    "/ui/projects/{name}/edit": change,
}
PAGES: dict[str, PageFunction] = {
    "/ui/projects": listing,
    "/ui/projects/{name}": one,
}
