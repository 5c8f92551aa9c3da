"""MLflow's protocol as one door of a server, of which nothing is imported before a client comes."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from meguru.base.late import importing

PREFIXES = (
    *("/api/2.0/preview", "/ajax-api/2.0/preview"),  # where R's client looks
    *("/api/2.0", "/ajax-api/2.0", "/api/3.0", "/ajax-api/3.0"),
)
PATHS = (
    *(f"{prefix}/" for prefix in PREFIXES),
    *("/version", "/get-artifact", "/model-versions/get-artifact", "//", "/openapi-mlflow.json"),
)
"""Where `MlflowDoor.routes` are: whole paths, and beginnings that end with a slash."""


class MlflowDoor:
    """Middleware that answers the protocol's calls before `app` looks through its routes.

    Until `routes` was called, which imports the protocol, everything is for `app`.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = self._answering = app

    def routes(self) -> Sequence[BaseRoute]:
        """Return all routes of the protocol, and let its fast path answer from now on."""
        with importing:
            from meguru.mlflow.protocol.routes import FastPath, mlflow_routes
            from meguru.mlflow.registry.routes import other_routes, root_routes
        others = other_routes()
        self._answering = FastPath(self._app, others)
        return [*mlflow_routes(others), *root_routes()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Have one request answered."""
        await self._answering(scope, receive, send)
