"""Sign in with a token, for browsers: the token travels on in a cookie that no script can read."""

from __future__ import annotations

from urllib.parse import parse_qs

from anyio.to_thread import run_sync
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from meguru.api.requests import read_body
from meguru.console.page_request import TOKEN_COOKIE, Visit
from meguru.errors import MeguruError
from meguru.governance.admission import authenticate

MAX_FORM = 4096


def sign_in_routes() -> list[Route]:
    """Return the routes of the sign-in page, and of signing out."""
    return [
        Route("/sign-in", sign_in, methods=["GET", "POST"]),
        Route("/sign-out", sign_out, methods=["POST"]),
    ]


async def sign_in(request: Request) -> Response:
    """Show the form; take a token, check it, and keep it in a cookie."""
    if request.method != "POST":
        return _page(request)
    try:
        form = parse_qs((await read_body(request, MAX_FORM)).decode("utf-8", "replace"))
        secret = form.get("token", [""])[0].strip()
        await run_sync(authenticate, request.state.workspace, secret)
    except MeguruError as error:
        return _page(request, error.what, error.status)
    answer = RedirectResponse("/", status_code=303)
    secure = request.url.scheme == "https"
    answer.set_cookie(TOKEN_COOKIE, secret, httponly=True, samesite="strict", secure=secure)
    return answer


async def sign_out(request: Request) -> Response:
    """Forget the cookie; the token itself goes on until it is revoked or expires."""
    answer = RedirectResponse("/sign-in", status_code=303)
    answer.delete_cookie(TOKEN_COOKIE, httponly=True, samesite="strict", secure=request.url.scheme == "https")
    return answer


def _page(request: Request, error: str = "", status: int = 200) -> Response:
    return Visit(request, None).render("sign_in.html", status=status, error=error)
