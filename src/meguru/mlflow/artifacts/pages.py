"""The addresses that MLflow's web pages use for files of runs, versions and logged models."""

from typing import Any
from urllib.parse import quote

from anyio.to_thread import run_sync
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from meguru.api.requests import bounded, workspace_of
from meguru.kernel.operations import Context, operation
from meguru.kernel.workspace import Workspace
from meguru.mlflow.artifacts import proxy_paths
from meguru.mlflow.artifacts.downloads import sent
from meguru.mlflow.artifacts.names import canonical_path, without_nul
from meguru.mlflow.artifacts.proxy import accept, find
from meguru.mlflow.artifacts.proxy_paths import SCHEME
from meguru.mlflow.logged_models import store as logged_models_store
from meguru.mlflow.protocol.calls import RequestArguments, in_project, not_found, reply, route, safely
from meguru.mlflow.protocol.errors import Refusal, invalid
from meguru.mlflow.registry import store as registry_store
from meguru.mlflow.registry.answers import held_version, number_of
from meguru.mlflow.registry.names import named, own_name
from meguru.mlflow.tracking.experiment_operations import DOOR

MAX_UPLOAD = 10 * 1024 * 1024


def root_routes() -> list[Route]:
    """Return the routes that are below no prefix."""
    return [
        Route("/get-artifact", safely(_of_run), methods=["GET"]),
        Route("/model-versions/get-artifact", safely(_of_version), methods=["GET"]),
        Route("//{rest:path}", _with_one_slash, methods=["GET", "POST", "PUT", "PATCH", "DELETE"]),
    ]


def routes() -> list[Route]:
    """Return the routes below ``/api/2.0`` and ``/ajax-api/2.0``."""
    file = "/mlflow/logged-models/{model_id}/artifacts/files"
    return [
        Route(file, safely(_of_logged_model), methods=["GET"]),
        Route("/mlflow/upload-artifact", safely(_upload), methods=["POST"]),
        route("/mlflow/artifacts/presigned-upload-url", {"POST": _no_presigned("upload")}),
        route("/mlflow/artifacts/presigned-download-url", {"POST": _no_presigned("download")}),
    ]


async def _with_one_slash(request: Request) -> Response:
    # A client whose address of the server ends with a slash.
    query = f"?{request.url.query}" if request.url.query else ""
    return RedirectResponse(
        in_project(workspace_of(request)) + "/" + quote(request.path_params["rest"].lstrip("/")) + query, 308
    )


async def _of_run(request: Request) -> Response:
    arguments = RequestArguments(dict(request.query_params))
    path = arguments.required("path")
    run = arguments.text("run_id") or arguments.required("run_uuid")
    return await _send(request, lambda ws: _place_of_run(ws, run=run), path)


async def _of_version(request: Request) -> Response:
    arguments = RequestArguments(dict(request.query_params))
    path = arguments.required("path")
    ws = workspace_of(request)
    name, number = named(ws, arguments, versioned=True), number_of(arguments.required("version"))
    return await _send(request, lambda ws: _place_of_version(ws, name=name, version=number), path)


async def _of_logged_model(request: Request) -> Response:
    path = request.query_params.get("artifact_file_path", "")
    if not path:
        raise Refusal("BAD_REQUEST", 'Request must include the "artifact_file_path" query parameter.')
    model = request.path_params["model_id"]
    return await _send(request, lambda ws: _place_of_model(ws, model=model), path)


async def _send(request: Request, root: Any, path: str) -> Response:
    ws, checked = workspace_of(request), canonical_path(path)

    def look() -> Response:
        folder = root(ws)
        asked = without_nul(f"{folder}/{path}" if folder else path)
        local = ws.blobs.path(find(ws, path=asked).digest)
        return sent(local, checked, in_parts="range" in request.headers)

    return await run_sync(look)


async def _upload(request: Request) -> Response:
    ws = workspace_of(request)
    run, path = request.query_params.get("run_uuid"), request.query_params.get("path")
    if not run:
        raise invalid("Request must specify run_uuid.")
    if not path:
        raise invalid("Request must specify path.")
    place = f"{await run_sync(lambda: _place_of_run(ws, run=run))}/{canonical_path(path)}"
    chunks, size = [], 0
    async for chunk in bounded(request, ws.settings.max_blob):
        size += len(chunk)
        if size > MAX_UPLOAD:
            raise invalid("Artifact size is too large. Max size is 10MB.")
        chunks.append(chunk)
    if not size:
        raise invalid("Request must specify data.")
    await run_sync(accept, ws, place, b"".join(chunks))
    return reply({})


@operation(
    "mlflow.place_of_run", permission="run:read", query=True, door=DOOR, on="run", refers={"run": "run"}
)
def _place_of_run(ctx: Context, *, run: str) -> str:
    known = proxy_paths.run_named(ctx.tx, run, ctx.home)
    if not known:
        raise not_found(f"Run with id={run[:200]} not found")
    # Where it is below the proxy does not matter: its own folder is found by its id.
    return f"{known}/artifacts"


@operation(
    "mlflow.place_of_logged_model",
    permission="run:read",
    query=True,
    door=DOOR,
    on="model",
    refers={"model": "logged_model"},
)
def _place_of_model(ctx: Context, *, model: str) -> str:
    return logged_models_store.folder(logged_models_store.held(ctx.tx, model, ctx.home))


@operation(
    "mlflow.place_of_model_version",
    permission="model:read",
    query=True,
    door=DOOR,
    on="name",
    refers={"name": "model"},
)
def _place_of_version(ctx: Context, *, name: str, version: int) -> str:
    storage = held_version(ctx.tx, name, version).storage
    if not storage.startswith(SCHEME.rstrip("/")):
        raise not_found(
            f"The files of version {version} of {own_name(name)[:200]} are not kept here, "
            f"but at {storage[:300]}"
        )
    return registry_store.below_proxy(storage)


def _no_presigned(what: str) -> Any:
    def refuse(ws: Workspace, given: RequestArguments) -> Any:
        del ws
        canonical_path(given.required("path"))
        if given.has("run_id") == given.has("model_id"):
            raise invalid("Exactly one of run_id and model_id must be provided.")
        raise invalid(
            f"Presigned {what} is not supported for proxied artifact storage "
            "(artifact URI scheme: mlflow-artifacts). Send the file through this server."
        )

    return refuse
