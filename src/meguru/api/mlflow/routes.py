"""MLflow's REST protocol as one ASGI application: one look into a table, then the work, on a thread."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import msgspec
from anyio.to_thread import run_sync
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route, Router
from starlette.types import Receive, Scope, Send

from meguru.api.mlflow import batches, experiments, metrics, runs
from meguru.api.mlflow.errors import Refusal, error_response
from meguru.api.mlflow.params import Params, read_json, read_query
from meguru.api.requests import read_body
from meguru.runtime.workspace import Workspace

VERSION = "3.18.0"
"""The version of the protocol that we speak."""
SERVER_INFO = {
    "store_type": "SqlStore",
    "workspaces_enabled": False,
    "artifact_serving_enabled": True,
    "multipart_uploads_enabled": False,
    "multipart_downloads_enabled": False,
    "presigned_upload_run_id_supported": False,
    "presigned_upload_model_id_supported": False,
    "model_artifact_presigned_downloads_supported": False,
}
"""What a client asks once, before its first artifact."""
Handler = Callable[[Workspace, Params], dict[str, Any]]
_POST: dict[str, Handler] = {
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
    "/mlflow/runs/log-metric": batches.log_metric,
    "/mlflow/runs/log-parameter": batches.log_param,
    "/mlflow/runs/set-tag": batches.set_tag,
    "/mlflow/runs/delete-tag": batches.delete_tag,
    "/mlflow/runs/log-inputs": runs.log_inputs,
    "/mlflow/runs/outputs": runs.log_outputs,
    "/mlflow/runs/log-model": batches.log_model,
}
_GET: dict[str, Handler] = {
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
LOG_BATCH = "/mlflow/runs/log-batch"


class Protocol:
    """The application below ``/api/2.0``; what is not in its tables goes to `others`."""

    def __init__(self, others: list[BaseRoute]) -> None:
        self._others = Router(routes=others, default=_not_supported)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        table = {"POST": _POST, "GET": _GET}.get(scope["method"], {})
        handler = table.get(path)
        if handler is None and not (path == LOG_BATCH and scope["method"] == "POST"):
            await self._others(scope, receive, send)
            return
        try:
            response = await _answer(Request(scope, receive), handler)
        except Exception as error:  # noqa: BLE001 - each becomes an answer
            response = error_response(error)
        await response(scope, receive, send)


def mlflow_routes(others: list[BaseRoute] | None = None) -> list[BaseRoute]:
    """Return the protocol's mounts; `others` are the routes of its other nouns, below ``/api/2.0``."""
    protocol = Protocol(others or [])
    prefixes = ("/api/2.0", "/ajax-api/2.0", "/api/3.0", "/ajax-api/3.0")
    return [Route("/version", _version), *(Mount(prefix, protocol) for prefix in prefixes)]


async def _answer(request: Request, handler: Handler | None) -> Response:
    ws: Workspace = request.state.workspace
    if request.method == "GET" and handler:
        params = read_query(request.scope["query_string"])
        work = partial(handler, ws, params)
    else:
        body = await read_body(request, ws.settings.max_body)
        work = partial(_post, ws, body, handler) if handler else partial(batches.log_batch, ws, body)
    return await run_sync(_encoded, work)


def _post(ws: Workspace, body: bytes, handler: Handler) -> dict[str, Any]:
    return handler(ws, read_json(body))


def _encoded(work: Callable[[], dict[str, Any]]) -> Response:
    return Response(msgspec.json.encode(work()), media_type="application/json")


async def _not_supported(scope: Scope, receive: Receive, send: Send) -> None:
    what = f"{scope['method']} {scope['path']}" if scope["type"] == "http" else scope["path"]
    message = (
        f"{what[:300]} is not supported here: this is Meguru, which answers MLflow's calls on experiments, "
        "runs, artifacts and models, and none on traces, prompts, scorers or gateways"
    )
    await error_response(Refusal("ENDPOINT_NOT_FOUND", message))(scope, receive, send)


async def _version(request: Request) -> Response:
    del request
    return PlainTextResponse(VERSION)
