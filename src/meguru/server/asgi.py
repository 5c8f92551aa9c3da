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

from meguru.api.native import native_routes
from meguru.api.requests import answer, error_answer
from meguru.console.live import Live
from meguru.console.routes import routes as console_routes
from meguru.errors import InternalError, InvalidInput, NotFound
from meguru.kernel.kinds.kind import load
from meguru.kernel.workspace import Workspace
from meguru.mlflow.door import PATHS, MlflowDoor
from meguru.server.access import Access
from meguru.server.background import Background
from meguru.server.dispatch import PredictionsFirst, RouteTable
from meguru.server.late_routes import LateApp, LateRoutes
from meguru.server.metrics import metrics
from meguru.serving.asgi import endpoints_app
from meguru.serving.service import PredictionService

LATE = {
    "meguru.server.sign_in:sign_in_routes": ("/sign-in", "/sign-in/", "/sign-out"),
    "meguru.server.acknowledge:acknowledge_routes": ("/acknowledge/",),
    "meguru.server.review_link:review_routes": ("/review/",),
    "meguru.server.evidence_picture:picture_routes": ("/evidence/",),
    "meguru.api.oauth:oauth_routes": ("/v1/",),
    "meguru.api.hooks:hook_routes": ("/hooks/",),
    "meguru.api.recorded:recorded_routes": ("/outcomes", "/feedback"),
    "meguru.api.feast.routes:feast_routes": (
        *("/push", "/write-to-online-store"),
        *("/materialize", "/materialize-incremental"),
    ),
}
"""Doors that many servers never open, each with where it is: see `LateRoutes`."""


def build(ws: Workspace, *, auth: bool = False, any_host: bool = False, live: Live | None = None) -> ASGIApp:
    """Return the ASGI application of one workspace, with its background threads in its lifespan."""
    service = PredictionService(ws)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        background = Background(ws, service)
        await run_sync(background.start)
        try:
            yield
        finally:
            await run_sync(background.stop)

    app = Starlette(exception_handlers={404: _not_found, 405: _wrong_method, Exception: _broken})
    mlflow = MlflowDoor(app)
    routes = [
        Route("/health", _health),
        Route("/metrics", metrics),
        *(LateRoutes(routes, *paths) for routes, paths in LATE.items()),
        LateRoutes(mlflow.routes, *PATHS),
        *native_routes(),
        *console_routes(lambda request: request.state.workspace, live),
    ]
    app.router = RouteTable(routes, lifespan=lifespan)
    features = LateApp(lambda: load("meguru.api.feast.lane:FeatureLane")(ws))
    first = PredictionsFirst(endpoints_app(service), features, mlflow)
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
