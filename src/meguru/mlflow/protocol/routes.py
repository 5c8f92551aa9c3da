"""MLflow's REST protocol as one ASGI application: one look into a table, then the work, on a thread."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Mount, Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from meguru.api.requests import on_thread, read_body
from meguru.errors import Forbidden
from meguru.kernel.operations.authorise import log_refusal
from meguru.kernel.workspace import Workspace
from meguru.mlflow.artifacts import proxy as artifacts
from meguru.mlflow.door import PREFIXES
from meguru.mlflow.protocol.calls import permit
from meguru.mlflow.protocol.errors import Refusal, error_response
from meguru.mlflow.protocol.params import Params, read_json, read_query
from meguru.mlflow.tracking import batches, experiments, metrics, runs
from meguru.mlflow.tracking.run_operations import LoggedBatch, log, write

VERSION = "3.18.0"
"""The version of the protocol that we speak."""
SERVER_INFO = {
    "store_type": "SqlStore",
    "workspaces_enabled": True,
    "artifact_serving_enabled": True,
    "multipart_uploads_enabled": True,
    "multipart_downloads_enabled": False,
    "presigned_upload_run_id_supported": False,
    "presigned_upload_model_id_supported": False,
    "model_artifact_presigned_downloads_supported": False,
}
"""What a client asks once, before its first artifact."""
ResponseBody = dict[str, Any] | bytes | Iterator[bytes]
"""What is answered: an object; JSON; or JSON that is written while it is read."""
MlflowHandler = Callable[[Workspace, Params], ResponseBody]
_POST: dict[str, MlflowHandler] = {
    "/mlflow/experiments/create": experiments.create,
    "/mlflow/experiments/search": experiments.search,
    "/mlflow/experiments/delete": experiments.delete,
    "/mlflow/experiments/restore": experiments.restore,
    "/mlflow/experiments/update": experiments.update,
    "/mlflow/experiments/set-experiment-tag": experiments.set_tag,
    "/mlflow/experiments/delete-experiment-tag": experiments.delete_tag,
    "/mlflow/experiments/search-datasets": experiments.search_datasets,
    "/mlflow/runs/create": runs.create,
    "/mlflow/runs/update": runs.update,
    "/mlflow/runs/delete": runs.delete,
    "/mlflow/runs/restore": runs.restore,
    "/mlflow/runs/search": runs.search,
    "/mlflow/runs/delete-tag": runs.delete_tag,
    "/mlflow/runs/log-inputs": runs.log_inputs,
    "/mlflow/runs/outputs": runs.log_outputs,
}
_GET: dict[str, MlflowHandler] = {
    "/mlflow/experiments/get": experiments.get,
    "/mlflow/experiments/get-by-name": experiments.get_by_name,
    "/mlflow/experiments/search": experiments.search,
    "/mlflow/experiments/list": experiments.search,
    "/mlflow/runs/get": runs.get,
    "/mlflow/metrics/get-history": metrics.history,
    "/mlflow/server-info": lambda _ws, _params: dict(SERVER_INFO),
    "/mlflow/metrics/get-history-bulk": metrics.bulk,
    "/mlflow/metrics/get-history-bulk-interval": metrics.interval,
}
SMALL = 64 * 1024
"""So many bytes are read at once by the event loop; to hand them to a thread would take longer."""
_FILES = "/mlflow-artifacts/artifacts/"


class Protocol:
    """The application below ``/api/2.0``; what is not in its tables goes to `others`."""

    def __init__(self, others: list[BaseRoute]) -> None:
        self._others = Router(routes=others, default=_not_supported)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        answering = _answering(scope, receive, path)
        if answering is None:
            await self._others(scope, receive, send)
        else:
            await _send(answering, scope, receive, send)


class FastPath:
    """Middleware that answers the protocol's calls before `app` looks through its routes, which are hundreds.

    Those of the tables, and of `others` those whose path is one text and whose method is named.
    """

    def __init__(self, app: ASGIApp, others: list[BaseRoute]) -> None:
        self._app = app
        self._exact = {
            (method, each.path): each.endpoint
            for each in others
            if isinstance(each, Route) and "{" not in each.path and inspect.iscoroutinefunction(each.endpoint)
            for method in each.methods or ()
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or have `app` answer it."""
        answering = None
        if scope["type"] == "http":
            path = scope["path"]
            prefix = next((each for each in PREFIXES if path.startswith(each)), None)
            answering = self._answering(scope, receive, path.removeprefix(prefix)) if prefix else None
        if answering is None:
            await self._app(scope, receive, send)
        else:
            await _send(answering, scope, receive, send)

    def _answering(self, scope: Scope, receive: Receive, path: str) -> Awaitable[Response] | None:
        if endpoint := self._exact.get((scope["method"], path)):
            return endpoint(Request(scope, receive))  # type: ignore[no-any-return]
        return _answering(scope, receive, path)


def _answering(scope: Scope, receive: Receive, path: str) -> Awaitable[Response] | None:
    """Return what answers a request; None if its path is in none of the tables."""
    reader = batches.READERS.get(path) if scope["method"] == "POST" else None
    if reader:
        return _log(Request(scope, receive), reader)
    if path.startswith(_FILES) and scope["method"] in {"GET", "HEAD", "PUT", "DELETE"}:
        return artifacts.answer(Request(scope, receive), path.removeprefix(_FILES))
    handler = {"POST": _POST, "GET": _GET}.get(scope["method"], {}).get(path)
    return _answer(Request(scope, receive), handler) if handler else None


async def _send(answering: Awaitable[Response], scope: Scope, receive: Receive, send: Send) -> None:
    try:
        response = await answering
    except Exception as error:  # noqa: BLE001 - each becomes an answer
        response = error_response(error)
    await response(scope, receive, send)


def mlflow_routes(others: list[BaseRoute] | None = None) -> list[BaseRoute]:
    """Return the protocol's mounts; `others` are the routes of its other nouns, below ``/api/2.0``."""
    protocol = Protocol(others or [])
    return [Route("/version", _version), *(Mount(prefix, protocol) for prefix in PREFIXES)]


async def _log(request: Request, reader: Callable[[bytes], LoggedBatch]) -> Response:
    """Log, and answer after the commit; whoever logs meanwhile shares the next one."""
    ws: Workspace = request.state.workspace
    body = await read_body(request, ws.settings.max_body)
    if not ws.principal.allows(log.permission, ws.home):
        await on_thread(partial(permit, ws, log))
    # A large body is parsed on a thread: the event loop answers everybody else meanwhile.
    entry = reader(body) if len(body) <= SMALL else await on_thread(partial(reader, body))
    work = partial(write, entry=entry, by=ws.principal, project=ws.home)
    try:
        # Group commit: one fsync for all who log at the moment. `order` sorts them by run, so that two
        # servers on one PostgreSQL lock runs in the same order, and never wait for each other in a circle.
        await asyncio.wrap_future(ws.db.group_commit.submit(work, order=entry.run))
    except Forbidden as error:
        # On a thread and after the group: the log of denials is another transaction.
        await on_thread(partial(log_refusal, ws, log.name, error, project=ws.home))
        raise
    return Response(b"{}", media_type="application/json")


async def _answer(request: Request, handler: MlflowHandler) -> Response:
    ws: Workspace = request.state.workspace
    query = request.scope["query_string"]
    if request.method == "GET" and (query or not request.headers.get("content-length")):
        params = read_query(query)
    else:
        body = await read_body(request, ws.settings.max_body)
        params = read_json(body) if len(body) <= SMALL else await on_thread(partial(read_json, body))
    return await on_thread(partial(_encoded, partial(handler, ws, params)))


def _encoded(work: Callable[[], ResponseBody]) -> Response:
    found = work()
    if isinstance(found, dict | bytes):
        body = found if isinstance(found, bytes) else msgspec.json.encode(found)
        return Response(body, media_type="application/json")
    return StreamingResponse(found, media_type="application/json")


async def _not_supported(scope: Scope, receive: Receive, send: Send) -> None:
    what = f"{scope['method']} {scope['path']}" if scope["type"] == "http" else scope["path"]
    message = (
        f"{what[:300]} is not supported here: this is Meguru, which answers MLflow's calls on experiments, "
        "runs, artifacts, models and prompts, and none on traces, scorers, evaluation datasets or gateways "
        "(mlflow.tracing.disable() keeps a client from sending traces)"
    )
    await error_response(Refusal("ENDPOINT_NOT_FOUND", message))(scope, receive, send)


async def _version(request: Request) -> Response:
    del request
    return PlainTextResponse(VERSION)
