"""Projects as MLflow's workspaces: clients list them, make them, and say in a header in which they are."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from meguru.base import refs
from meguru.errors import NotFound
from meguru.governance.projects.kind import ProjectSpec
from meguru.governance.projects.members import list_projects
from meguru.governance.projects.operations import specs
from meguru.governance.projects.types import ProjectRecord
from meguru.kernel.workspace import Workspace
from meguru.mlflow.protocol.calls import RequestArguments, reply, route
from meguru.mlflow.protocol.errors import Refusal, invalid

_BASE = "/mlflow/workspaces"


def routes() -> list[Route]:
    """Return the routes of workspaces, below each of the protocol's prefixes."""
    return [
        route(_BASE, {"GET": _list, "POST": _create}),
        route(_BASE + "/{workspace_name}", {"GET": _get, "PATCH": _update, "DELETE": _delete}),
    ]


def _list(ws: Workspace, given: RequestArguments) -> dict[str, Any]:
    del given
    return {"workspaces": [_shown(project) for project in list_projects(ws.with_(project=""))]}


def _get(ws: Workspace, given: RequestArguments) -> dict[str, Any]:
    return {"workspace": _shown(_one(ws, given.required("workspace_name")))}


def _create(ws: Workspace, given: RequestArguments) -> Response:
    name = given.required("name")
    if any(project.name == name for project in list_projects(ws.with_(project=""))):
        raise Refusal("RESOURCE_ALREADY_EXISTS", f"Workspace '{name}' already exists.")
    _check_no_place(given)
    specs.declare(
        ws.with_(project=""), name=name, spec=ProjectSpec(description=given.text("description")), expect={}
    )
    return reply({"workspace": _shown(_one(ws, name))}, 201)


def _update(ws: Workspace, given: RequestArguments) -> dict[str, Any]:
    name = _one(ws, given.required("workspace_name")).name
    _check_no_place(given)
    if given.has("description"):
        spec = ProjectSpec(description=given.text("description"))
        specs.declare(ws.with_(project=""), name=name, spec=spec)
    return {"workspace": _shown(_one(ws, name))}


def _delete(ws: Workspace, given: RequestArguments) -> Response:
    """Take a project out of use: what is in it stays, whatever a client asks to be done with it."""
    name = _one(ws, given.required("workspace_name")).name
    if given.text("mode", "RESTRICT") != "RESTRICT":
        raise invalid("What is in a workspace is neither moved nor deleted with it: use the mode RESTRICT.")
    specs.retire(ws.with_(project=""), name=name)
    return Response(status_code=204)


def _one(ws: Workspace, name: str) -> ProjectRecord:
    projects = {project.name: project for project in list_projects(ws.with_(project=""))}
    if name not in projects:
        raise NotFound.of("project", name, projects)
    return projects[name]


def _check_no_place(given: RequestArguments) -> None:
    if given.text("default_artifact_root"):
        raise invalid("Files are kept in the store of this server: a workspace has no artifact root.")


def _shown(project: ProjectRecord) -> dict[str, Any]:
    said = "" if project.name == refs.DEFAULT else project.description
    return {"name": project.name, "description": said}
