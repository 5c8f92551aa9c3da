"""Sign in with a token, for browsers: the token travels on in a cookie that no script can read."""

from __future__ import annotations

from html import escape
from urllib.parse import parse_qs

from anyio.to_thread import run_sync
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from meguru.api.requests import read_body
from meguru.base.text import translate
from meguru.console import static_files
from meguru.errors import MeguruError
from meguru.governance.tokens import authenticate
from meguru.server.access import COOKIE

MAX_FORM = 4096
PAGE = """<!doctype html>
<html lang="{lang}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title} · Meguru</title><link rel="stylesheet" href="{style}"></head>
<body><main class="sign-in"><h1>{title}</h1><p role="alert">{error}</p>
<form method="post" action="/sign-in"><label>{label} <input name="token" type="password" autofocus
autocomplete="current-password" required></label> <button>{title}</button></form></main></body></html>
"""


def sign_in_route() -> Route:
    """Return the route of the sign-in page."""
    return Route("/sign-in", sign_in, methods=["GET", "POST"])


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
    answer.set_cookie(COOKIE, secret, httponly=True, samesite="strict", secure=request.url.scheme == "https")
    return answer


def _page(request: Request, error: str = "", status: int = 200) -> Response:
    lang = "ja" if request.headers.get("accept-language", "").startswith("ja") else "en"
    title, label = translate("Sign in", lang), translate("Token", lang)
    body = PAGE.format(
        style=static_files.url("console.css"),
        lang=lang,
        title=escape(title),
        label=escape(label),
        error=escape(error),
    )
    headers = {
        "Content-Security-Policy": "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'"
    }
    return HTMLResponse(body, status, headers)
