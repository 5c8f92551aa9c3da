"""Ask an ASGI application in this process, without its background threads."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Self
from urllib.parse import quote, unquote

import msgspec
from starlette.types import ASGIApp, Message

MOST_WAITING = 60.0


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What came back."""

    status: int
    body: bytes
    headers: list[tuple[str, str]] = []

    def header(self, name: str) -> str:
        """Return a header; empty if it is not there."""
        return next((value for known, value in self.headers if known == name), "")

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode("utf-8", "replace")

    @property
    def json(self) -> Any:
        """The body, read as JSON."""
        return msgspec.json.decode(self.body)

    @property
    def error(self) -> dict[str, str]:
        """What an error says; empty where it is in another shape."""
        try:
            said = msgspec.json.decode(self.body)
        except msgspec.DecodeError:
            return {}
        found = said.get("error") if isinstance(said, dict) else None
        return found if isinstance(found, dict) else {}


class InProcessClient:
    """Sends requests to one application, one after the other, from one event loop.

    The loop has a thread of its own: the caller's may have a loop already, as a driven browser leaves one.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._thread = ThreadPoolExecutor(1)
        self._loop = self._thread.submit(asyncio.Runner).result()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.submit(self._loop.close).result()
        self._thread.shutdown()

    def ask(
        self,
        method: str,
        path: str,
        *,
        token: str = "",
        json: Any = None,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        parts: int = 1,
    ) -> Answer:
        """Return the answer to one request; of an answer without an end, the first `parts` of it."""
        content = body if json is None else msgspec.json.encode(json)
        sent = {"host": "meguru.test", "content-type": "application/json", **(headers or {})}
        if content:
            sent["content-length"] = str(len(content))
        if token:
            sent["authorization"] = f"Bearer {token}"
        plain, _, query = path.partition("?")
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": unquote(plain),
            "raw_path": quote(plain, safe="/%").encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": [(name.lower().encode(), value.encode()) for name, value in sent.items()],
            "client": ("127.0.0.1", 50000),
            "server": ("meguru.test", 80),
        }
        return self._thread.submit(
            lambda: self._loop.run(_exchange(self.app, scope, content, parts))
        ).result()


async def _exchange(app: ASGIApp, scope: dict[str, Any], content: bytes, wanted: int) -> Answer:
    status, parts, begun = 0, list[bytes](), asyncio.Event()
    headers: list[tuple[str, str]] = []
    requests: list[Message] = [{"type": "http.request", "body": content, "more_body": False}]

    async def receive() -> Message:
        if requests:
            return requests.pop()
        await begun.wait()  # the client goes away once something was answered
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        nonlocal status
        if message["type"] == "http.response.start":
            status = message["status"]
            headers.extend((name.decode(), value.decode("latin-1")) for name, value in message["headers"])
        elif message.get("body"):
            parts.append(message["body"])
        if len(parts) >= wanted or (message["type"] == "http.response.body" and not message.get("more_body")):
            begun.set()

    task = asyncio.ensure_future(app(scope, receive, send))
    done, _ = await asyncio.wait({task}, timeout=MOST_WAITING)
    if not done:
        task.cancel()
    await asyncio.gather(task, return_exceptions=not done)
    return Answer(status=status, body=b"".join(parts), headers=headers)
