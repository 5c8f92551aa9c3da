"""One route for each operation, and the blobs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import cache
from typing import Any

import anyio
import msgspec
from anyio.to_thread import run_sync
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from meguru.api.native import blobs
from meguru.api.native.openapi import document
from meguru.api.requests import answer, error_answer, on_thread, read_body, read_object, workspace_of
from meguru.app import calls
from meguru.app.nouns import load_unlisted_operations
from meguru.errors import InvalidInput
from meguru.kernel.call import LazyOperation
from meguru.kernel.operations import Operation, native

RequestHandler = Callable[[Request], Awaitable[Response]]
LONG_POLLS = ("event.wait", "trigger.settled")
WAITERS = 200
"""Long polls at a time; each holds a thread that mostly sleeps."""


def native_routes() -> list[Route]:
    """Return the routes of all operations, of the blobs and of the OpenAPI document.

    Those of our own are known from the table of calls: what carries one out is imported by its first request.
    """
    waiters = anyio.CapacityLimiter(WAITERS)
    load_unlisted_operations()
    known: dict[str, Operation[..., Any] | LazyOperation] = {**calls.by_name(), **native()}
    routes = [
        Route(
            operation.path,
            _handler(operation, waiters if operation.name in LONG_POLLS else None),
            methods=["GET", "POST"] if operation.query else ["POST"],
        )
        for operation in known.values()
    ]
    routes.append(Route("/api/v1/blobs/{digest}", safely(blobs.blob), methods=["GET", "HEAD", "PUT"]))
    routes.append(Route("/openapi.json", safely(_openapi())))
    return routes


def safely(handler: RequestHandler) -> RequestHandler:
    """Answer every error of a handler in the one JSON shape."""

    async def safe(request: Request) -> Response:
        try:
            return await handler(request)
        except Exception as error:  # noqa: BLE001 - each becomes an answer
            return error_answer(error)

    return safe


def _handler(
    called: Operation[..., Any] | LazyOperation, limiter: anyio.CapacityLimiter | None
) -> RequestHandler:
    async def handle(request: Request) -> Response:
        ws = workspace_of(request)
        is_get = request.method in {"GET", "HEAD"}
        body = b"" if is_get else await read_body(request, ws.settings.max_body)

        def run() -> Response:
            # All of it beside the event loop: what is read and written here can be large, and so can what is
            # imported.
            operation = called.operation if isinstance(called, LazyOperation) else called
            if is_get:
                arguments = operation.read_arguments(_from_query(request), strict=False)
            else:
                arguments = read_object(body)
            return answer(ws.execute(operation, arguments))

        # Long polls have threads of their own, which mostly sleep; so many, AnyIO makes and counts.
        return await (run_sync(run, limiter=limiter) if limiter else on_thread(run))

    return safely(handle)


def _from_query(request: Request) -> dict[str, Any]:
    given: dict[str, Any] = {}
    for key, text in request.query_params.multi_items():
        if key in given:
            raise InvalidInput(f"{key} was given twice", field=key)
        given[key] = _structured(key, text) if text[:1] in {"[", "{"} else text
    return given


def _structured(key: str, text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError) as error:
        raise InvalidInput(f"{key} is not valid JSON", why=str(error), field=key) from error


def _openapi() -> RequestHandler:
    """Return what answers with the document of all operations, which is written once: it is large."""
    written = cache(lambda: msgspec.json.encode(document()))

    async def openapi(request: Request) -> Response:
        del request
        return Response(await on_thread(written), media_type="application/json")

    return openapi
