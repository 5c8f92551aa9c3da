"""Which application answers a request: what is hottest is asked first, and paths are looked up, not tried."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from starlette.routing import BaseRoute, Match, Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

PREDICTIONS = "/endpoints"
FEATURES = frozenset({"/get-online-features", "/api/v1/features/get"})


class PredictionsFirst:
    """Middleware for predictions (below ``/endpoints/``) and online features: they pass nothing else."""

    def __init__(self, endpoints: ASGIApp, features: ASGIApp, app: ASGIApp) -> None:
        self._endpoints, self._features, self._app = endpoints, features, app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Have one request answered."""
        # A comparison of text instead of a router's hundreds of patterns: this is asked of every prediction.
        if scope["type"] == "http" and scope["path"].startswith(PREDICTIONS + "/"):
            scope["root_path"] = PREDICTIONS
            await self._endpoints(scope, receive, send)
        elif scope["type"] == "http" and scope["path"] in FEATURES:
            await self._features(scope, receive, send)
        else:
            await self._app(scope, receive, send)


class RouteTable(Router):
    """A router that finds paths without parameters in a table, and tries only the others one by one.

    A path that is one text goes before one with parameters that would match it too.
    """

    def __init__(self, routes: Sequence[BaseRoute], **given: object) -> None:
        super().__init__(routes, **given)  # type: ignore[arg-type]
        self._exact: dict[str, list[Route]] = defaultdict(list)
        tried: list[BaseRoute] = []
        for route in routes:
            if isinstance(route, Route) and "{" not in route.path:
                self._exact[route.path].append(route)
            else:
                tried.append(route)
        self._tried = Router(tried)

    async def app(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Find the route of a request, and have it answered."""
        path = scope.get("path", "")
        for route in self._exact.get(path, ()):
            match, found = route.matches(scope)
            if match is Match.FULL:
                scope.update(found)
                await route.handle(scope, receive, send)
                return
        if scope["type"] != "http" or path in self._exact or path.endswith("/"):
            # A wrong method and a slash too many are answered by the router that knows every route.
            await super().app(scope, receive, send)
        else:
            await self._tried.app(scope, receive, send)
