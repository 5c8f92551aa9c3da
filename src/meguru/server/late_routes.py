"""Parts of the server that are imported when somebody first asks for them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from anyio.to_thread import run_sync
from starlette.routing import BaseRoute, Match, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from meguru.kernel.kinds.kind import load


class LateApp:
    """An application that is made by its first request; `make` runs on a thread, so it may import much."""

    def __init__(self, make: Callable[[], ASGIApp]) -> None:
        self._make = make
        self._app: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Have one request answered."""
        if self._app is None:
            # Requests that come meanwhile make others, of which the last stays: they are all alike.
            self._app = await run_sync(self._make)
        await self._app(scope, receive, send)


class LateRoutes(BaseRoute):
    """Routes whose module is imported by the first request for one of them.

    Parameters
    ----------
    routes
        ``module:function`` that returns them; or a function that does.
    paths
        Where they are: each is a whole path, or the beginning of paths if it ends with a slash. All that is
        asked for there is theirs.
    """

    def __init__(self, routes: str | Callable[[], Sequence[BaseRoute]], *paths: str) -> None:
        self._routes, self.paths = routes, paths
        self._below = tuple(each for each in paths if each.endswith("/"))
        self._app = LateApp(self._router)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Tell whether a request is for one of these routes."""
        path = scope.get("path", "")
        ours = scope["type"] == "http" and (path in self.paths or path.startswith(self._below))
        return (Match.FULL if ours else Match.NONE), {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Have one request answered."""
        await self._app(scope, receive, send)

    def _router(self) -> Router:
        found = load(self._routes) if isinstance(self._routes, str) else self._routes
        return Router(found())
