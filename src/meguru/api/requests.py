"""Read requests and write answers in the one shape that all routes share."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import msgspec
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from meguru.errors import InternalError, InvalidInput, MeguruError, TimedOut, TooLarge
from meguru.kernel.workspace import Workspace

log = logging.getLogger(__name__)
T = TypeVar("T")
THREADS = 40
"""Operations at a time: more would only queue for the one writer, and for the connections to the database."""
_threads = ThreadPoolExecutor(THREADS, thread_name_prefix="answer")
IDLE_SECONDS = 60.0
"""A body may take any time, as long as something of it comes within so long."""
_EVENT = re.compile(r"evt-[0-9a-z]{26}")


def workspace_of(request: Request) -> Workspace:
    """Return the workspace as the request's principal sees it, with the request's cause and key."""
    ws: Workspace = request.state.workspace
    key = request.headers.get("idempotency-key")
    if key is not None and not 1 <= len(key) <= 200:
        raise InvalidInput("an idempotency key has 1 to 200 characters", field="Idempotency-Key")
    cause = request.headers.get("meguru-cause")
    if cause is not None and not _EVENT.fullmatch(cause):
        raise InvalidInput(
            "a cause is the id of an event", why=f"{cause[:80]!r} is none", field="Meguru-Cause"
        )
    view = ws.with_(idempotency_key=key)
    view.cited = cause  # looked up, and judged, by the thread that carries the operation out
    return view


async def read_body(request: Request, limit: int) -> bytes:
    """Return the whole body; refuse it as soon as it is longer than `limit` bytes."""
    _check_declared(request, limit)
    parts, size, more = [], 0, True
    try:
        # One clock for all of a body: as a rule it comes in one piece, and each clock costs.
        async with asyncio.timeout(IDLE_SECONDS) as patience:
            while more:
                message = await request.receive()
                if message["type"] == "http.disconnect":
                    raise _broken()
                chunk, more = message.get("body", b""), message.get("more_body", False)
                size += len(chunk)
                if size > limit:
                    raise _too_large(limit)
                parts.append(chunk)
                if more:
                    patience.reschedule(asyncio.get_running_loop().time() + IDLE_SECONDS)
    except TimeoutError as error:
        raise _hung() from error
    return b"".join(parts)


async def on_thread(work: Callable[[], T]) -> T:
    """Do some work on a thread; any number may wait, so many are done at a time as there are threads."""
    return await asyncio.get_running_loop().run_in_executor(_threads, work)


async def bounded(request: Request, limit: int) -> AsyncIterator[bytes]:
    """Stream the body; refuse it as soon as it is longer than `limit` bytes."""
    _check_declared(request, limit)
    size = 0
    try:
        async for chunk in _with_idle_timeout(request.stream()):
            size += len(chunk)
            if size > limit:
                raise _too_large(limit)
            yield chunk
    except ClientDisconnect as error:
        raise _broken() from error


async def _with_idle_timeout(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Give what comes; a client that hangs in the middle of its body is not waited for."""
    while True:
        try:
            async with asyncio.timeout(IDLE_SECONDS):
                chunk = await anext(chunks)
        except StopAsyncIteration:
            return
        except TimeoutError as error:
            raise _hung() from error
        yield chunk


def read_object(body: bytes) -> dict[str, Any]:
    """Decode a JSON object; an empty body is an empty object."""
    try:
        return msgspec.json.decode(body, type=dict[str, Any]) if body.strip() else {}
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidInput("the body is not a JSON object", why=str(error)) from error


def answer(value: Any, status: int = 200) -> Response:
    """Write a value as JSON."""
    return Response(msgspec.json.encode(value), status, media_type="application/json")


def error_answer(error: Exception) -> Response:
    """Write an error in the one JSON shape; one that we can't explain is logged and not told."""
    if not isinstance(error, MeguruError):
        log.error("a request failed", exc_info=error)
        error = InternalError("something went wrong in the server", hint="its log has the traceback")
    headers = {"Retry-After": "1"} if error.status == 503 else {}
    if error.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    body = msgspec.json.encode({"error": error.as_dict()})
    return Response(body, error.status, headers, media_type="application/json")


def _too_large(limit: int) -> TooLarge:
    return TooLarge(
        "the body is too large", why=f"at most {limit:,} bytes are accepted", hint="send it in parts"
    )


def _check_declared(request: Request, limit: int) -> None:
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > limit:
        raise _too_large(limit)


def _broken() -> InvalidInput:
    return InvalidInput("the connection ended before the body did")


def _hung() -> TimedOut:
    why = f"nothing came for {IDLE_SECONDS:.0f} s"
    return TimedOut("the body did not end", why=why, hint="send the request again")
