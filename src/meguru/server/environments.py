"""Several environments on one server: each a workspace of its own, with its own doors and background work."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, MutableMapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any
from urllib.parse import quote

from starlette.types import ASGIApp, Receive, Scope, Send

from meguru.api.requests import error_answer
from meguru.base.mount import MOUNT, Mount
from meguru.errors import NotFound
from meguru.governance.admission import authenticate
from meguru.kernel.workspace import Workspace

PREFIX = "/env/"
ROOT = "default"
"""What the workspace at the root is called where environments are listed."""


class EnvironmentRouter:
    """Sends what is for ``/env/NAME/…`` to the application of that environment, all else to the main one."""

    def __init__(
        self,
        main: ASGIApp,
        others: Mapping[str, ASGIApp],
        view: Callable[[str, str], Workspace] | None = None,
    ) -> None:
        self._main, self._others = main, dict(others)
        listed = ((ROOT, ""), *((name, path_of(name)) for name in others))
        self._mounts = {name: Mount(name, path_of(name), listed, view) for name in others}
        self._root = Mount(all=listed, view=view) if others else Mount()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Have one request answered, or see all applications through their lives."""
        if scope["type"] == "lifespan":
            await self._live(scope, receive, send)
            return
        path = str(scope.get("path", ""))
        if scope["type"] != "http" or not path.startswith(PREFIX):
            MOUNT.set(self._root)
            await self._main(scope, receive, send)
            return
        name, _, rest = path.removeprefix(PREFIX).partition("/")
        if name not in self._others:
            await error_answer(NotFound.of("environment", name, self._others))(scope, receive, send)
            return
        MOUNT.set(self._mounts[name])  # of this request's task alone: it is a context variable
        within = dict(scope, path=f"/{rest}", raw_path=quote(f"/{rest}").encode())
        await self._others[name](within, receive, send)

    async def _live(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        async with AsyncExitStack() as stack:
            try:
                for app in (self._main, *self._others.values()):
                    await stack.enter_async_context(_alive(app, scope))
            except Exception as error:
                await send({"type": "lifespan.startup.failed", "message": str(error)})
                raise
            await send({"type": "lifespan.startup.complete"})
            await receive()
        await send({"type": "lifespan.shutdown.complete"})


def views(served: Mapping[str, Workspace], *, auth: bool) -> Callable[[str, str], Workspace]:
    """Return what opens an environment for who holds a token of it; the root's name is `ROOT`.

    It raises Unauthenticated for a token that is not valid there.
    """

    def view(name: str, secret: str) -> Workspace:
        ws = served["" if name == ROOT else name]
        return ws.with_(principal=authenticate(ws, secret)) if auth else ws

    return view


def path_of(name: str) -> str:
    """Return what stands before the paths of an environment."""
    return f"{PREFIX}{quote(name, safe='')}"


@asynccontextmanager
async def _alive(app: ASGIApp, scope: Scope) -> AsyncIterator[None]:
    """Start an application, and stop it at the end."""
    # Each application has one `lifespan` conversation with its server: here one is led with each of them, so
    # that those which began before one that fails are shut down again.
    asked: asyncio.Queue[MutableMapping[str, Any]] = asyncio.Queue()
    told: asyncio.Queue[MutableMapping[str, Any]] = asyncio.Queue()

    async def run() -> None:
        await app(dict(scope, state={}), asked.get, told.put)

    life = asyncio.create_task(run())

    async def ask(what: str) -> None:
        await asked.put({"type": f"lifespan.{what}"})
        answer = asyncio.create_task(told.get())
        await asyncio.wait({life, answer}, return_when=asyncio.FIRST_COMPLETED)
        if not answer.done():
            answer.cancel()
            await life  # it ended without an answer: raise why
        elif (said := answer.result())["type"].endswith(".failed"):
            raise RuntimeError(said.get("message", what))

    await ask("startup")
    try:
        yield
    finally:
        await ask("shutdown")
        await life
