"""The page behind a signed link: who holds it says that they look after one alert.

Looking changes nothing, as programs that check mail open every link; the button does.
"""

from __future__ import annotations

from urllib.parse import parse_qs

from anyio.to_thread import run_sync
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from meguru.alerts.by_link import acknowledge_by_link, read_alert
from meguru.alerts.links import PAGE
from meguru.alerts.sentences import sentence_of
from meguru.alerts.types import Alert
from meguru.api.requests import read_body
from meguru.console.page_request import Visit
from meguru.errors import MeguruError
from meguru.kernel.workspace import Workspace

MAX_FORM = 16 << 10


def acknowledge_routes() -> list[Route]:
    """Return the route of the page."""
    return [Route(PAGE + "{token}", acknowledge, methods=["GET", "POST"])]


async def acknowledge(request: Request) -> Response:
    """Show what the link is about; on POST, acknowledge it."""
    ws, token = request.state.workspace, str(request.path_params["token"])
    try:
        if request.method == "GET":
            return await run_sync(_look, request, ws, token)
        form = parse_qs((await read_body(request, MAX_FORM)).decode("utf-8", "replace"), max_num_fields=10)
        return await run_sync(_take, request, ws, token, form)
    except (MeguruError, ValueError) as error:
        status = error.status if isinstance(error, MeguruError) else 400
        what = error.what if isinstance(error, MeguruError) else "the form can't be read"
        return Visit(request, None).render("acknowledge.html", status=status, error=what, live="")


def _look(request: Request, ws: Workspace, token: str) -> Response:
    alert, _ = read_alert(ws, token)
    return _page(request, alert, done=False)


def _take(request: Request, ws: Workspace, token: str, form: dict[str, list[str]]) -> Response:
    said = {key: form.get(key, [""])[0] for key in ("name", "note")}
    return _page(request, acknowledge_by_link(ws, token, **said), done=True)


def _page(request: Request, alert: Alert, *, done: bool) -> Response:
    visit = Visit(request, None)
    sentence = sentence_of(alert, visit.language)
    return visit.render("acknowledge.html", alert=alert, sentence=sentence, done=done, error="", live="")
