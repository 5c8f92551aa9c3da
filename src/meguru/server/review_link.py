"""The page behind a signed link to a review: who was asked decides there, from a phone, without signing in.

Looking changes nothing, as programs that check mail open every link; the buttons do.
"""

from __future__ import annotations

from urllib.parse import parse_qs

from anyio.to_thread import run_sync
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from meguru.api.requests import read_body
from meguru.console.page_request import Visit
from meguru.errors import InvalidInput, MeguruError
from meguru.kernel.workspace import Workspace
from meguru.releases.review.by_link import decide_by_link, look
from meguru.releases.review.links import PAGE
from meguru.releases.review.types import JudgedDecision, ReviewDecision

MAX_FORM = 32 << 10
_SAID = {"approve": ReviewDecision.APPROVED, "refuse": ReviewDecision.REFUSED}


def review_routes() -> list[Route]:
    """Return the route of the page."""
    return [Route(PAGE + "{token}", review_link, methods=["GET", "POST"])]


async def review_link(request: Request) -> Response:
    """Show what the link is about; on POST, decide."""
    ws, token = request.state.workspace, str(request.path_params["token"])
    try:
        if request.method == "GET":
            return await run_sync(_page, request, ws, token, None)
        form = parse_qs((await read_body(request, MAX_FORM)).decode("utf-8", "replace"), max_num_fields=10)
        return await run_sync(_take, request, ws, token, form)
    except (MeguruError, ValueError) as error:
        status = error.status if isinstance(error, MeguruError) else 400
        what = f"{error.what}. {error.why}" if isinstance(error, MeguruError) else "the form can't be read"
        return Visit(request, None).render("review_link.html", status=status, error=what, live="")


def _take(request: Request, ws: Workspace, token: str, form: dict[str, list[str]]) -> Response:
    said = {key: form.get(key, [""])[0] for key in ("do", "note", "saw")}
    if said["do"] not in _SAID:
        raise InvalidInput("this form approves or refuses", field="do")
    decision = decide_by_link(ws, token, _SAID[said["do"]], note=said["note"], saw=said["saw"])
    return _page(request, ws, token, decision)


def _page(request: Request, ws: Workspace, token: str, made: JudgedDecision | None) -> Response:
    found, claim = look(ws, token)
    visit = Visit(request, None)
    return visit.render("review_link.html", found=found, claim=claim, made=made, error="", live="")
