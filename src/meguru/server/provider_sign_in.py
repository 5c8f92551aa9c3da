"""Sign in with an OpenID provider: send the browser there, and let in who comes back."""

from __future__ import annotations

import base64
import binascii
from urllib.parse import urlsplit

import msgspec
from anyio.to_thread import run_sync
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from meguru.base.mount import mounted
from meguru.console.page_request import Visit, token_cookie
from meguru.errors import MeguruError, Unauthenticated
from meguru.governance.sign_in.admit import admit
from meguru.governance.sign_in.flow import Attempt, begin, finish
from meguru.governance.sign_in.kind import IdentityProviderSpec
from meguru.governance.sign_in.spec import STORE
from meguru.kernel.workspace import Workspace

ATTEMPT_COOKIE = "meguru_sign_in"
ATTEMPT_SECONDS = 600
MAX_COOKIE = 2000


def provider_routes() -> list[Route]:
    """Return the routes that begin a sign-in with a provider, and end one."""
    return [
        Route("/sign-in/with/{provider}", _begin, methods=["GET"]),
        Route("/sign-in/with/{provider}/done", _done, methods=["GET"]),
    ]


def buttons(ws: Workspace) -> list[tuple[str, str]]:
    """Return the name of each provider that people may sign in with, and what its button says."""
    with ws.read() as tx:
        return [(name, spec.title or name) for name, spec in STORE.every(tx).items()]


def is_secure(request: Request) -> bool:
    """Tell whether the browser came by TLS, so that its cookies are to stay with it."""
    return _origin(request).startswith("https://")


def local_path(text: str) -> str:
    """Return a path on this server to go on to; the first page for anything that might lead elsewhere."""
    # Browsers read "//host" and "/\\host" as another host, and drop tabs and line ends before (so does
    # urlsplit).
    parts = urlsplit(text)
    if (
        parts.scheme
        or parts.netloc
        or not text.startswith("/")
        or text.startswith(("//", "/\\"))
        or "\\" in text
    ):
        return "/"
    return text[:500]


async def _begin(request: Request) -> Response:
    name = request.path_params["provider"]
    try:
        url, attempt = await run_sync(_to_provider, request, name)
    except MeguruError as error:
        return _refusal(request, error)
    answer = RedirectResponse(url, status_code=303)
    # State, nonce and PKCE verifier stay in the browser that began: whoever steals the callback's address
    # lacks them. The cookie needs no signature: who forges it signs nobody else in.
    kept = base64.urlsafe_b64encode(msgspec.json.encode(attempt)).decode()
    # Lax: the provider sends the browser back from its own site.
    answer.set_cookie(
        ATTEMPT_COOKIE,
        kept,
        max_age=ATTEMPT_SECONDS,
        httponly=True,
        samesite="lax",
        secure=is_secure(request),
        path=f"{mounted().path}/sign-in/with",
    )
    answer.headers["Cache-Control"] = "no-store"
    return answer


async def _done(request: Request) -> Response:
    try:
        secret, then = await run_sync(_let_in, request, request.path_params["provider"])
    except MeguruError as error:
        answer = _refusal(request, error)
    else:
        # A page, no redirect: browsers send strict cookies only from one of our own.
        answer = Visit(request, None).render("signed_in.html", then=then)
        answer.set_cookie(token_cookie(), secret, httponly=True, samesite="strict", secure=is_secure(request))
    answer.delete_cookie(ATTEMPT_COOKIE, path=f"{mounted().path}/sign-in/with", httponly=True, samesite="lax")
    return answer


def _to_provider(request: Request, name: str) -> tuple[str, Attempt]:
    spec = _spec(request, name)
    return begin(
        name,
        spec,
        _callback(request, name),
        local_path(request.query_params.get("then", mounted().home)),
    )


def _let_in(request: Request, name: str) -> tuple[str, str]:
    attempt = _attempt(request)
    if attempt is None or attempt.provider != name:
        raise Unauthenticated(
            "this sign-in was not begun here", why="or it took too long", hint="begin again"
        )
    ws, spec = _workspace(request), _spec(request, name)
    answered = dict(request.query_params)
    claims = finish(attempt, spec, _callback(request, name), answered, ws.clock.now())
    return admit(ws, name, spec, claims).secret, local_path(attempt.then)


def _attempt(request: Request) -> Attempt | None:
    kept = request.cookies.get(ATTEMPT_COOKIE, "")
    if not kept or len(kept) > MAX_COOKIE:
        return None
    try:
        return msgspec.json.decode(base64.urlsafe_b64decode(kept), type=Attempt)
    except (binascii.Error, ValueError, msgspec.MsgspecError):
        return None


def _spec(request: Request, name: str) -> IdentityProviderSpec:
    with _workspace(request).read() as tx:
        return STORE.get(tx, name)


def _workspace(request: Request) -> Workspace:
    ws: Workspace = request.state.workspace
    return ws


def _callback(request: Request, name: str) -> str:
    return f"{_origin(request)}{mounted().path}/sign-in/with/{name}/done"


def _origin(request: Request) -> str:
    """Return where people reach this server: as it was set, or as this request came."""
    said = _workspace(request).settings.public_url.rstrip("/")
    return said or f"{request.url.scheme}://{request.url.netloc}"


def _refusal(request: Request, error: MeguruError) -> Response:
    text = f"{error.what} ({error.why})" if error.why else error.what
    known = buttons(_workspace(request))
    return Visit(request, None).render(
        "sign_in.html", status=error.status, error=text, providers=known, then=mounted().home
    )
