"""Two ways to speak MLflow's protocol: to a server over HTTP, and to a workspace in this process."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote, urlencode

import msgspec

from meguru.errors import Busy, Forbidden, InvalidInput, MeguruError, NotFound, TooLarge, masked
from meguru.kernel.workspace import Workspace

MAX_ANSWER = 256 << 20
MAX_FILE = 1 << 40
"""Bytes that are taken of an answer, and of a file: the server is not trusted to end."""
_CHUNK = 1 << 20


class Transport(Protocol):
    """Sends a request and hands the answer's body out in pieces."""

    where: str

    def send(self, method: str, target: str, body: bytes | Path | None, take: Callable[[bytes], None]) -> int:
        """Return the status; `take` gets the body of the answer, whatever it says."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...


class MlflowClient:
    """MLflow's calls, with its errors as ours."""

    def __init__(self, caller: Transport) -> None:
        self.caller, self.where = caller, caller.where

    def get(self, path: str, /, **query: Any) -> dict[str, Any]:
        """Ask a question."""
        return self._json("GET", f"{path}?{urlencode(query, doseq=True)}" if query else path, None)

    def post(self, path: str, /, **body: Any) -> dict[str, Any]:
        """Send a change, or a question that has a body."""
        return self._json("POST", path, msgspec.json.encode(body))

    def send(self, method: str, path: str, /, **body: Any) -> dict[str, Any]:
        """Send a change by another method."""
        return self._json(method, path, msgspec.json.encode(body))

    def download(self, target: str, draft: Path, most: int = MAX_FILE) -> Path:
        """Write the body of an answer to a file."""
        received = bytearray()
        with draft.open("wb") as file:

            def take(data: bytes) -> None:
                file.write(data)
                if file.tell() > most:
                    raise TooLarge("a file is larger than its list says", where=target[:300])
                if len(received) < 10_000:
                    received.extend(data[:10_000])

            status = self.caller.send("GET", target, None, take)
        if status >= 400:
            raise _error(status, bytes(received), self.where)
        return draft

    def upload(self, target: str, path: Path) -> None:
        """Send a file as the body of a request."""
        received = bytearray()
        status = self.caller.send("PUT", target, path, _bounded(received))
        if status >= 400:
            raise _error(status, bytes(received), self.where)

    def _json(self, method: str, path: str, body: bytes | None) -> dict[str, Any]:
        received = bytearray()
        status = self.caller.send(method, f"/api/2.0{path}", body, _bounded(received))
        if status >= 400:
            raise _error(status, bytes(received), self.where)
        try:
            value = msgspec.json.decode(bytes(received)) if received.strip() else {}
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise InvalidInput(
                "the answer is no JSON: is this an MLflow server?", where=self.where
            ) from error
        if not isinstance(value, dict):
            raise InvalidInput("the answer is no JSON object: is this an MLflow server?", where=self.where)
        return value


class Http:
    """A server; who calls is told by ``MLFLOW_TRACKING_TOKEN``, or by ``…_USERNAME`` and ``…_PASSWORD``."""

    def __init__(self, url: str, *, token: str = "", environment: Mapping[str, str] = os.environ) -> None:
        import httpx2

        self.where = url.rstrip("/")
        token = token or environment.get("MLFLOW_TRACKING_TOKEN", "")
        user, password = (environment.get(f"MLFLOW_TRACKING_{name}", "") for name in ("USERNAME", "PASSWORD"))
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._http = httpx2.Client(
            base_url=self.where,
            headers={"Content-Type": "application/json"} | headers,
            auth=(user, password) if user and not token else None,
            timeout=120.0,
        )

    def send(self, method: str, target: str, body: bytes | Path | None, take: Callable[[bytes], None]) -> int:
        """Send one request; the answer is streamed."""
        import httpx2

        try:
            if isinstance(body, Path):
                with body.open("rb") as file:
                    return self._stream(method, target, file, take)
            return self._stream(method, target, body, take)
        except httpx2.TransportError as error:
            raise Busy(
                f"the server at {masked(self.where)} does not answer",
                where=self.where,
                why=str(error) or type(error).__name__,
            ) from error

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def _stream(self, method: str, target: str, content: Any, take: Callable[[bytes], None]) -> int:
        with self._http.stream(method, target, content=content) as answer:
            for data in answer.iter_bytes(_CHUNK):
                take(data)
            return int(answer.status_code)


class InProcess:
    """A workspace in this process: the same application that a server runs, called without a socket."""

    def __init__(self, ws: Workspace) -> None:
        from anyio.from_thread import start_blocking_portal
        from starlette.routing import Router

        from meguru.mlflow.protocol.routes import mlflow_routes
        from meguru.mlflow.registry.routes import other_routes

        self.where = str(ws.root or "the workspace")
        self._ws = ws
        self._app = Router(routes=mlflow_routes(other_routes()))
        self._portal_of = start_blocking_portal()
        self._portal = self._portal_of.__enter__()

    def send(self, method: str, target: str, body: bytes | Path | None, take: Callable[[bytes], None]) -> int:
        """Call the application with one request."""
        from anyio import sleep_forever

        content = body.read_bytes() if isinstance(body, Path) else body or b""
        path, _, query = target.partition("?")
        status: list[int] = []
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": "1.1",
            "method": method,
            "path": path,
            "raw_path": path.encode(),
            "root_path": "",
            "scheme": "http",
            "query_string": query.encode(),
            "headers": [(b"content-length", str(len(content)).encode())],
            "client": None,
            "server": None,
            "state": {"workspace": self._ws},
        }

        sent: list[bool] = []

        async def receive() -> dict[str, Any]:
            if sent:  # nobody hangs up; to say anything again at once would keep the answer from being sent
                await sleep_forever()
            sent.append(True)
            return {"type": "http.request", "body": content, "more_body": False}

        async def send(message: Any) -> None:
            if message["type"] == "http.response.start":
                status.append(message["status"])
            elif message["type"] == "http.response.body":
                take(message.get("body", b""))

        self._portal.call(self._app, scope, receive, send)
        return status[0]

    def close(self) -> None:
        """End its event loop."""
        self._portal_of.__exit__(None, None, None)


def proxied(uri: str, path: str) -> str:
    """Return the target of a file whose folder is an ``mlflow-artifacts:`` URI; empty for another one."""
    if not uri.startswith("mlflow-artifacts:"):
        return ""
    rest = uri.removeprefix("mlflow-artifacts:")
    if rest.startswith("//"):
        rest = rest[2:].partition("/")[2]
    folder = rest.strip("/")
    return "/api/2.0/mlflow-artifacts/artifacts/" + quote(f"{folder}/{path}" if folder else path)


def _bounded(received: bytearray) -> Callable[[bytes], None]:
    def take(data: bytes) -> None:
        if len(received) + len(data) > MAX_ANSWER:
            raise TooLarge("an answer is too large", why=f"at most {MAX_ANSWER:,} bytes are read")
        received.extend(data)

    return take


def _error(status: int, body: bytes, where: str) -> MeguruError:
    try:
        received = msgspec.json.decode(body, type=dict[str, Any])
        message, code = str(received.get("message", "")), str(received.get("error_code", ""))
    except (msgspec.MsgspecError, UnicodeDecodeError):
        message, code = body[:200].decode(errors="replace"), ""
    kind = {404: NotFound, 401: Forbidden, 403: Forbidden, 429: Busy, 502: Busy, 503: Busy, 504: Busy}
    return kind.get(status, MeguruError)(
        message or f"the server answered {status}", where=where, why=code or f"HTTP {status}"
    )
