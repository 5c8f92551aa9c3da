"""The drawing behind a signed link: what chats fetch to show it in a message."""

from __future__ import annotations

from anyio.to_thread import run_sync
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from meguru.alerts.links import PICTURE_PAGE, read_picture_link
from meguru.alerts.notifications.evidence import drawing_of
from meguru.errors import MeguruError, NotFound
from meguru.kernel.workspace import Workspace
from meguru.monitoring.evidence.png import png_of

HEADERS = {"Cache-Control": "private, max-age=86400", "X-Content-Type-Options": "nosniff"}


def picture_routes() -> list[Route]:
    """Return the route of drawings."""
    return [Route(PICTURE_PAGE + "{token}.png", picture, methods=["GET"])]


async def picture(request: Request) -> Response:
    """Give the drawing that a link names; a link that is not ours, or too old, has none."""
    ws, token = request.state.workspace, str(request.path_params["token"])
    try:
        return Response(await run_sync(_drawn, ws, token), 200, HEADERS, "image/png")
    except MeguruError as error:
        return Response(error.what, error.status, {"X-Content-Type-Options": "nosniff"}, "text/plain")


def _drawn(ws: Workspace, token: str) -> bytes:
    claim = read_picture_link(ws, token)
    with ws.read() as tx:
        drawing = drawing_of(tx, claim.alert, claim.language)
    if not drawing:
        raise NotFound("this alert has no drawing")
    return png_of(drawing)
