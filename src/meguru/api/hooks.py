"""``POST /hooks/NAME``: what forges and other applications tell; a signature stands for who asks."""

from __future__ import annotations

from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from meguru.api.native.routes import safely
from meguru.api.requests import answer, on_thread, read_body
from meguru.triggers.arrivals.hooks import hook_of, take_delivery
from meguru.triggers.arrivals.receive import Reception


def hook_routes() -> list[Route]:
    """Return the route of all hooks."""
    return [Route("/hooks/{name}", safely(_hook), methods=["POST"])]


async def _hook(request: Request) -> Response:
    ws = request.state.workspace
    name, kind = await on_thread(lambda: hook_of(ws, request.path_params["name"]))
    body = await read_body(request, kind.max_bytes)
    headers = {key.lower(): value for key, value in request.headers.items()}
    done = await on_thread(lambda: take_delivery(ws, name, kind, headers, body))
    found = answer({"state": done})
    found.status_code = (
        HTTPStatus.UNPROCESSABLE_ENTITY if done == Reception.REFUSED.value else HTTPStatus.ACCEPTED
    )
    return found
