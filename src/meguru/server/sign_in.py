"""Sign in with a token, for browsers: the token travels on in a cookie that no script can read."""

from __future__ import annotations

from urllib.parse import parse_qs

from anyio.to_thread import run_sync
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from meguru.api.requests import read_body
from meguru.base.mount import mounted
from meguru.console.page_request import Visit, token_cookie
from meguru.errors import MeguruError
from meguru.governance.admission import authenticate
from meguru.governance.sessions import end_session
from meguru.server.provider_sign_in import buttons, is_secure, local_path, provider_routes

MAX_FORM = 4096


def sign_in_routes() -> list[Route]:
    """Return the routes of the sign-in page, of providers, and of signing out."""
    return [
        *provider_routes(),
        Route("/sign-in", sign_in, methods=["GET", "POST"]),
        Route("/sign-out", sign_out, methods=["POST"]),
    ]


async def sign_in(request: Request) -> Response:
    """Show the form; take a token, check it, and keep it in a cookie."""
    if request.method != "POST":
        return await run_sync(_page, request)
    try:
        form = parse_qs((await read_body(request, MAX_FORM)).decode("utf-8", "replace"))
        secret = form.get("token", [""])[0].strip()
        await run_sync(authenticate, request.state.workspace, secret)
    except MeguruError as error:
        return await run_sync(_page, request, error.what, error.status)
    answer = RedirectResponse(local_path(form.get("then", [mounted().home])[0]), status_code=303)
    answer.set_cookie(token_cookie(), secret, httponly=True, samesite="strict", secure=is_secure(request))
    return answer


async def sign_out(request: Request) -> Response:
    """Forget the cookie. A session ends; a token that was typed in goes on until it is revoked or expires."""
    secret = request.cookies.get(token_cookie(), "")
    if secret:
        await run_sync(end_session, request.state.workspace, secret)
    answer = RedirectResponse(f"{mounted().path}/sign-in", status_code=303)
    answer.delete_cookie(token_cookie(), httponly=True, samesite="strict", secure=is_secure(request))
    return answer


def _page(request: Request, error: str = "", status: int = 200) -> Response:
    known, then = (
        buttons(request.state.workspace),
        local_path(request.query_params.get("then", mounted().home)),
    )
    return Visit(request, None).render("sign_in.html", status=status, error=error, providers=known, then=then)
