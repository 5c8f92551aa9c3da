"""The data plane over HTTP, as a bare ASGI application: a framework would cost more than a small model."""

from __future__ import annotations

import asyncio
import re
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any, TypeAlias
from urllib.parse import parse_qsl

from meguru.base.names import normal
from meguru.base.refs import Ref, project_of, within
from meguru.errors import InvalidInput, NotFound, TimedOut, TooLarge, Unauthenticated
from meguru.kernel.operations.authorise import require
from meguru.kernel.principals import Principal
from meguru.kernel.workspace import Workspace
from meguru.serving import answers
from meguru.serving.answers import PredictionResponse
from meguru.serving.openapi import document
from meguru.serving.service import PredictionService
from meguru.serving.timeouts import IdleTimeouts

Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]
Authenticate: TypeAlias = Callable[[Scope], Principal | Awaitable[Principal]]
PREDICT_PERMISSION = "endpoint:predict"
READ_PERMISSION = "endpoint:read"
FEATURES_PERMISSION = "feature_view:get"
VERBS = frozenset({"predict", "openapi.json"})
_READ_METHODS = frozenset({"GET", "HEAD"})
MAX_KEY = 200
"""Characters of an idempotency key."""
EXPLAINED = "features"
"""What an answer may be asked to explain, by who may read the values of views (`FEATURES_PERMISSION`)."""
# ASCII digits alone: `int` also reads those of other scripts, and a version has one spelling.
_NUMBER = re.compile("[1-9][0-9]{0,8}", re.ASCII)
IDLE_SECONDS = 60.0
"""A client that sends nothing for so long in the middle of its body is given up."""


def principal_of(scope: Scope) -> Principal:
    """Return the principal that the server's middleware found; nobody gets past a server without one."""
    ws = (scope.get("state") or {}).get("workspace")
    if ws is None:
        raise Unauthenticated("nobody said who is asking")
    principal: Principal = ws.principal
    return principal


def endpoints_app(service: PredictionService, *, authenticate: Authenticate = principal_of) -> Application:
    """Return the application of ``/endpoints``, to be mounted there.

    ``POST /{name}/predict`` scores rows; ``GET /{name}`` tells state and signature; ``GET
    /{name}/openapi.json`` describes both. A name may have its project before it (``team/delay``); a bare one
    is of the project that the request is in.

    Parameters
    ----------
    service
        What answers.
    authenticate
        Tells who is asking (a function or a coroutine function); raises if it can't.
    """
    return _Endpoints(service, authenticate)


class _ClientDisconnected(Exception):
    """The client went away before its request was read."""


class _Endpoints:
    def __init__(self, service: PredictionService, authenticate: Authenticate) -> None:
        self._service, self._authenticate = service, authenticate
        self._answers, self._idle_timeouts = AnswerQueue(), IdleTimeouts(IDLE_SECONDS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        try:
            answer = await self._answer(scope, receive)
        except _ClientDisconnected:
            return
        except Exception as error:  # noqa: BLE001 - each becomes an answer
            answer = answers.of_error(error)
        await send({"type": "http.response.start", "status": answer.status, "headers": _headers_of(answer)})
        await send({"type": "http.response.body", "body": answer.body})

    async def _answer(self, scope: Scope, receive: Receive) -> PredictionResponse:
        name, verb = _route(scope)
        allowed = "POST" if verb == "predict" else "GET"
        if scope["method"] != allowed and (scope["method"], allowed) != ("HEAD", "GET"):
            return answers.wrong_method(str(scope["method"]), allowed)
        principal = await self._authorise(
            scope, PREDICT_PERMISSION if verb == "predict" else READ_PERMISSION, name
        )
        query = scope.get("query_string")
        contract, explain = _options(query) if query else (None, False)
        # Values of feature views are read with a permission of their own, also when an answer shows them.
        if explain and not _is_allowed(principal, FEATURES_PERMISSION, name):
            await self._refuse(principal, FEATURES_PERMISSION, name)
        # The database is asked off the event loop, and only for a name this process has not heard of.
        if not self._service.knows(name):
            await asyncio.to_thread(self._service.look_up, name)
        if verb == "predict":
            return await self._predict(name, scope, receive, principal.name, contract, explain=explain)
        status = await asyncio.to_thread(self._service.status, name, contract)
        return answers.value(document(status) if verb == "openapi.json" else status)

    async def _predict(
        self,
        name: str,
        scope: Scope,
        receive: Receive,
        consumer: str,
        contract: int | None,
        *,
        explain: bool,
    ) -> PredictionResponse:
        length, key = _headers(scope["headers"])
        body = await _read(receive, self._idle_timeouts, length, self._service.ws.settings.max_body)
        future, done = self._answers.expect()
        self._service.submit(name, body, done, key=key, contract=contract, consumer=consumer, explain=explain)
        return await future

    async def _authorise(self, scope: Scope, permission: str, name: str) -> Principal:
        found = self._authenticate(scope)
        principal = found if isinstance(found, Principal) else await found
        if not _is_allowed(principal, permission, name):
            await self._refuse(principal, permission, name)
        return principal

    async def _refuse(self, principal: Principal, permission: str, name: str) -> None:
        await asyncio.to_thread(_refuse, self._service.ws.with_(principal=principal), permission, name)


def _is_allowed(principal: Principal, permission: str, name: str) -> bool:
    # The name alone tells the project: nobody asks the database.
    return principal.allows(permission) or bool(
        principal.grants and principal.allows(permission, project_of(name))
    )


def _refuse(ws: Workspace, permission: str, name: str) -> None:
    """Say what is missing, or that there is no such endpoint to who may not see it."""
    doing = "endpoint.look" if permission == READ_PERMISSION else "endpoint.predict"
    require(ws, permission, doing)
    require(ws, permission, doing, ref=Ref("endpoint", name), project=project_of(name))


class AnswerQueue:
    """Carries answers from the threads that make them to the event loop that sends them.

    Waking a loop (a write to its self-pipe) costs more than an answer, so answers that are ready together go
    over in one wake-up.
    """

    def __init__(self) -> None:
        self._ready: deque[tuple[asyncio.Future[PredictionResponse], PredictionResponse]] = deque()
        self._called = False

    def expect(self) -> tuple[asyncio.Future[PredictionResponse], Callable[[PredictionResponse], None]]:
        """Return a future of the running loop, and what completes it from any thread."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[PredictionResponse] = loop.create_future()

        def done(answer: PredictionResponse) -> None:
            # No lock: appended before the flag is read, and the flag is lowered before the queue is drained.
            # So whoever finds it raised knows of a delivery that has not drained yet. Two may raise it at
            # once: the second delivery finds nothing.
            self._ready.append((future, answer))
            if not self._called:
                self._called = True
                try:
                    loop.call_soon_threadsafe(self._deliver)
                except RuntimeError:  # the loop has ended, and its clients with it
                    self._called = False

        return future, done

    def _deliver(self) -> None:
        self._called = False
        while self._ready:
            future, answer = self._ready.popleft()
            if not future.done():  # its request may have been cancelled meanwhile
                future.set_result(answer)


def _route(scope: Scope) -> tuple[str, str]:
    path = str(scope["path"]).removeprefix(scope.get("root_path") or "")
    found = normal(path.strip("/"))
    name, _, verb = found.rpartition("/")
    if not name or verb not in VERBS:
        name, verb = found, ""
    # With GET it is a name with its project.
    is_odd = not verb and "/" in name and scope["method"] not in _READ_METHODS
    if not name or name.count("/") > 1 or is_odd:
        raise NotFound(f"there is nothing at {scope['path'][:200]}", hint="POST /endpoints/NAME/predict")
    project = _project_of(scope)
    return (within(project, name) if project or "/" in name else name), verb


def _options(query: bytes) -> tuple[int | None, bool]:
    """Return the version of the contract that a request names, if any, and whether it asks for features."""
    given = parse_qsl(query.decode("latin-1"), keep_blank_values=True)
    contracts = [value for name, value in given if name == "contract"]
    asked = [value for name, value in given if name == "explain"]
    if len(contracts) > 1 or (contracts and not _NUMBER.fullmatch(contracts[0])):
        raise InvalidInput("contract is the number of one version", field="contract", hint="?contract=2")
    if any(value != EXPLAINED for value in asked):
        hint = f"?explain={EXPLAINED}"
        raise InvalidInput("an answer explains its features alone", field="explain", hint=hint)
    return (int(contracts[0]) if contracts else None), bool(asked)


def _project_of(scope: Scope) -> str:
    """Return the project that a request is in, as the server's middleware found it."""
    ws = (scope.get("state") or {}).get("workspace")
    return ws.project if ws is not None else ""


def _headers_of(answer: PredictionResponse) -> list[tuple[bytes, bytes]]:
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(answer.body)).encode()),
    ]
    if answer.retry_after:
        headers.append((b"retry-after", str(answer.retry_after).encode()))
    if answer.allow:
        headers.append((b"allow", answer.allow.encode()))
    if answer.status == Unauthenticated.status:
        headers.append((b"www-authenticate", b"Bearer"))
    return headers


def _headers(headers: Iterable[tuple[bytes, bytes]]) -> tuple[int, str]:
    length, key = 0, ""
    for name, value in headers:
        if name == b"content-length" and value.isdigit():
            length = int(value)
        elif name == b"idempotency-key":
            key = value.decode("latin-1")
            if not 1 <= len(key) <= MAX_KEY:
                raise InvalidInput(
                    f"an idempotency key has 1 to {MAX_KEY} characters", field="Idempotency-Key"
                )
    return length, key


async def _read(receive: Receive, idle_timeouts: IdleTimeouts, length: int, limit: int) -> bytes:
    if length > limit:
        raise _body_too_large(limit)
    try:
        # Most bodies come as one message: no list and no copy for those.
        message = await idle_timeouts.wait(receive())
        body: bytes = message.get("body", b"")
        if message["type"] == "http.request" and not message.get("more_body") and len(body) <= limit:
            return body
        chunks = [body]
        size = len(body)
        while message.get("more_body") and size <= limit:
            message = await idle_timeouts.wait(receive())
            chunks.append(message.get("body", b""))
            size += len(chunks[-1])
    except TimeoutError as error:
        why = f"nothing came for {idle_timeouts.seconds:.0f} s"
        raise TimedOut("the body did not end", why=why, hint="send the request again") from error
    if message["type"] == "http.disconnect":
        raise _ClientDisconnected
    if size > limit:
        raise _body_too_large(limit)
    return b"".join(chunks)


def _body_too_large(limit: int) -> TooLarge:
    return TooLarge(
        "the body is too large", why=f"at most {limit:,} bytes are accepted", hint="send it in parts"
    )
