"""The routes of what is learned about predictions."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from meguru.api.native.routes import RequestHandler, safely
from meguru.api.recorded import feedback, outcomes
from meguru.api.recorded.bodies import body_as_file, form_of
from meguru.api.requests import answer, on_thread, workspace_of
from meguru.errors import InvalidInput

_UNKNOWN = ("keep", "refuse")


def recorded_routes() -> list[Route]:
    """Return the routes."""
    doors = (("/outcomes", outcomes.take), ("/feedback", feedback.take))
    return [Route(path, safely(_taking(take)), methods=["POST"]) for path, take in doors]


def _taking(take: Callable[..., Any]) -> RequestHandler:
    async def handle(request: Request) -> Response:
        ws = workspace_of(request)
        asked = dict(request.query_params)
        endpoint, unknown = asked.pop("endpoint", ""), asked.pop("unknown", "keep")
        if asked:
            raise InvalidInput(f"{min(asked)!r} can't be asked for here", hint="endpoint and unknown can")
        if unknown not in _UNKNOWN:
            raise InvalidInput("unknown is keep or refuse", field="unknown")
        form = form_of(request)
        async with body_as_file(request, ws) as path:
            return answer(await on_thread(partial(take, ws, path, form, endpoint=endpoint, unknown=unknown)))

    return handle
