"""A workspace that a server holds: the same operations, carried over HTTP."""

from __future__ import annotations

import copy
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import quote, urlencode

import msgspec

from meguru.errors import Busy, MeguruError, from_dict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from meguru.kernel.call import LazyOperation
    from meguru.kernel.operations.operation import Operation
    from meguru.kernel.remote_blobs import RemoteBlobs

_MAX_QUERY = 4000
"""Bytes of an address's query; a longer one goes into a body: proxies refuse addresses over 8 KB (nginx)."""


class RemoteWorkspace:
    """Carries operations to the server at `url`; results and errors are as if they had run here."""

    is_remote = True

    def __init__(self, url: str, *, token: str = "", timeout: float = 60.0) -> None:
        import httpx2

        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self.url = url.rstrip("/")
        # Reading the certificates of all authorities takes longer than a whole command on plain HTTP.
        verify = not self.url.startswith("http://")
        self.http = httpx2.Client(base_url=self.url, headers=headers, timeout=timeout, verify=verify)
        self.load_kinds: Callable[[], object] = tuple
        """Loads the declarations of all kinds, which most commands do without."""
        self.project = ""
        self.cause: str | None = None
        self.idempotency_key: str | None = None

    @property
    def features(self) -> Any:
        """Features from Python: see `meguru.features.door.FeatureDoor`."""
        from meguru.kernel.kinds.provided import provided

        self.load_kinds()
        return provided("features door").load("feature_view")(self)

    @cached_property
    def blobs(self) -> RemoteBlobs:
        """The server's blobs; most commands touch none."""
        from meguru.kernel.remote_blobs import RemoteBlobs

        return RemoteBlobs(self)

    @property
    def token(self) -> str:
        """The access token that each request carries; it is kept by the client, which does not show it."""
        return str(self.http.headers.get("Authorization", "")).removeprefix("Bearer ")

    def with_(
        self, *, project: str | None = None, cause: str | None = None, idempotency_key: str | None = None
    ) -> Self:
        """Return a view with another project, cause or idempotency key; a key is never inherited."""
        view = copy.copy(self)
        view.project = self.project if project is None else project
        view.cause, view.idempotency_key = cause or self.cause, idempotency_key
        return view

    def execute(self, operation: Operation[..., Any] | LazyOperation, arguments: dict[str, Any]) -> Any:
        """Run one operation on the server; `operation(ws, …)` is the usual way to call this."""
        plain = operation.read_arguments(msgspec.to_builtins(arguments))
        if operation.query:
            given = {
                key: _as_text(value) for key, value in msgspec.to_builtins(plain).items() if value is not None
            }
            # As it is encoded: a letter of Japanese is nine bytes of an address.
            if len(urlencode(given)) > _MAX_QUERY:
                headers = {"Content-Type": "application/json"}
                body = msgspec.json.encode(plain)
                answer = self.send("POST", operation.path, content=body, headers=headers)
            else:
                answer = self.send("GET", operation.path, params=given)
        else:
            marks = {"Idempotency-Key": self.idempotency_key, "Meguru-Cause": self.cause}
            headers = {key: value for key, value in marks.items() if value}
            headers["Content-Type"] = "application/json"
            answer = self.send("POST", operation.path, content=msgspec.json.encode(plain), headers=headers)
        try:
            return msgspec.json.decode(answer.content, type=operation.result_type)
        except msgspec.MsgspecError as error:
            raise MeguruError(
                f"the server answered {operation.name} in another form",
                where=self.url,
                why=str(error),
                hint="it may be of another version than this client",
            ) from error

    def send(self, method: str, path: str, **request: Any) -> Any:
        """Send one request; an answer that is an error is raised as the error it describes."""
        answer = self.ask(method, path, **request)
        if answer.is_error:
            raise error_of(answer)
        return answer

    @contextmanager
    def stream(self, path: str) -> Iterator[Iterator[bytes]]:
        """Open what is at a path, to be read piece by piece in bounded memory."""
        request = self.http.build_request("GET", self._within(path))
        with self._explained():
            answer = _retried("GET", lambda: self.http.send(request, stream=True))
            try:
                if answer.is_error:
                    answer.read()
                    raise error_of(answer)
                yield answer.iter_bytes()
            finally:
                answer.close()

    def ask(self, method: str, path: str, **request: Any) -> Any:
        """Send one request, in this view's project, and return the answer; raise Busy if there is none."""
        with self._explained():
            return _retried(method, lambda: self.http.request(method, self._within(path), **request))

    def _within(self, path: str) -> str:
        return f"/projects/{quote(self.project, safe='')}{path}" if self.project else path

    @contextmanager
    def _explained(self) -> Iterator[None]:
        import httpx2

        try:
            yield
        except httpx2.TransportError as error:
            raise Busy(
                f"the server at {self.url} does not answer",
                where=self.url,
                why=str(error) or type(error).__name__,
                hint="start it with: meguru up",
            ) from error

    def close(self) -> None:
        """Close the connections."""
        self.http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _retried(method: str, send: Callable[[], Any]) -> Any:
    """Send a request; a query once again where the connection ended."""
    import httpx2

    try:
        return send()
    except (httpx2.RemoteProtocolError, httpx2.ReadError, httpx2.WriteError):
        # A pooled connection may have been closed by the server just when the request was sent. A change is
        # never sent again: nobody knows whether the server has carried it out.
        if method not in {"GET", "HEAD"}:
            raise
        return send()


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def error_of(answer: Any) -> MeguruError:
    """Return the error that an answer describes."""
    try:
        return from_dict(msgspec.json.decode(answer.content, type=dict[str, dict[str, str]])["error"])
    except (msgspec.MsgspecError, KeyError):
        if answer.status_code in {502, 503, 504}:
            return Busy(f"something in front of the server answered {answer.status_code}", hint="try again")
        return MeguruError(f"the server answered {answer.status_code}", why=answer.text[:200])
