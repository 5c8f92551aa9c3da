"""The server's routes, put together."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from anyio.to_thread import run_sync
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from meguru.api.feast.lane import FeatureLane
from meguru.api.feast.routes import feast_routes
from meguru.api.hooks import hook_routes
from meguru.api.native import native_routes
from meguru.api.oauth import oauth_routes
from meguru.api.recorded import recorded_routes
from meguru.api.requests import answer, error_answer
from meguru.app.nouns import load_operations
from meguru.console.live import Live
from meguru.console.routes import routes as console_routes
from meguru.errors import InternalError, InvalidInput, NotFound
from meguru.kernel.workspace import Workspace
from meguru.mlflow.protocol.routes import FastPath, mlflow_routes
from meguru.mlflow.registry.routes import other_routes, root_routes
from meguru.server.access import Access
from meguru.server.acknowledge import acknowledge_routes
from meguru.server.background import Background
from meguru.server.dispatch import PredictionsFirst, RouteTable
from meguru.server.evidence_picture import picture_routes
from meguru.server.metrics import metrics
from meguru.server.review_link import review_routes
from meguru.server.sign_in import sign_in_routes
from meguru.serving.asgi import endpoints_app
from meguru.serving.service import PredictionService


def build(ws: Workspace, *, auth: bool = False, any_host: bool = False, live: Live | None = None) -> ASGIApp:
    """Return the ASGI application of one workspace, with its background threads in its lifespan."""
    load_operations()
    service, others = PredictionService(ws), other_routes()

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        background = Background(ws, service)
        await run_sync(background.start)
        try:
            yield
        finally:
            await run_sync(background.stop)

    app = Starlette(exception_handlers={404: _not_found, 405: _wrong_method, Exception: _broken})
    routes = [
        Route("/health", _health),
        Route("/metrics", metrics),
        *sign_in_routes(),
        *acknowledge_routes(),
        *review_routes(),
        *picture_routes(),
        *oauth_routes(),
        *mlflow_routes(others),
        *root_routes(),
        *native_routes(),
        *hook_routes(),
        *recorded_routes(),
        *feast_routes(),
        *console_routes(lambda request: request.state.workspace, live),
    ]
    app.router = RouteTable(routes, lifespan=lifespan)
    first = PredictionsFirst(endpoints_app(service), FeatureLane(ws), FastPath(app, others))
    return Access(first, ws=ws, auth=auth, any_host=any_host)


async def _health(request: Request) -> Response:
    del request
    return answer({"status": "ok"})


async def _wrong_method(request: Request, error: Exception) -> Response:
    headers = getattr(error, "headers", None) or {}
    allowed = headers.get("Allow", "")
    refused = InvalidInput(f"{request.method} is not for this address", why=f"it takes {allowed}")
    return Response(error_answer(refused).body, 405, headers, media_type="application/json")


async def _broken(request: Request, error: Exception) -> Response:
    # The server logs the traceback itself, once this has answered.
    del request, error
    return error_answer(InternalError("something went wrong in the server", hint="its log has the traceback"))


async def _not_found(request: Request, error: Exception) -> Response:
    del error
    if request.url.path.startswith(("/api/", "/endpoints/")) or "html" not in request.headers.get(
        "accept", ""
    ):
        return error_answer(NotFound(f"there is nothing at {request.url.path}", hint="see /openapi.json"))
    return PlainTextResponse("There is nothing here.", 404)
