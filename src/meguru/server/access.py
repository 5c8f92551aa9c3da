"""Who is asking: the check in front of every route."""

from __future__ import annotations

import ipaddress
from functools import lru_cache, partial
from urllib.parse import quote, unquote, urlsplit

from starlette.requests import HTTPConnection, Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from meguru.api.requests import error_answer
from meguru.base.mount import mounted
from meguru.base.names import normal
from meguru.console.page_request import Visit, token_cookie
from meguru.errors import Forbidden, MeguruError, Unauthenticated, UsageError
from meguru.kernel.principals import LOCAL_OWNER, Principal
from meguru.kernel.workspace import Workspace
from meguru.server.authenticator import Authenticator

OPEN_PATHS = (
    *("/health", "/ui/static/", "/sign-in", "/sign-out", "/favicon.ico", "/acknowledge/"),
    "/evidence/",
    "/review/",
    *("/v1/device", "/v1/token"),
)
IN_PROJECT = "/projects/"
PREDICTIONS = "/endpoints/"
HOOKS = "/hooks/"
_LOOKED_AT = frozenset({b"host", b"origin", b"authorization", b"cookie", b"x-mlflow-workspace"})
# The headers are scanned once and the host's parsing is cached: every prediction passes here.


@lru_cache(maxsize=256)
def is_loopback(host: str) -> bool:
    """Tell whether a host name or address is this machine only."""
    # No look-up of other names: a resolver that says 127.0.0.1 of one is what DNS rebinding works with.
    if host in {"localhost", ""}:
        return host == "localhost"
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def check_exposure(host: str, *, auth: bool, insecure: bool) -> None:
    """Refuse to listen beyond this machine without authentication, unless told so in as many words."""
    if auth or insecure or is_loopback(host):
        return
    raise UsageError(
        f"a server on {host} can be reached from other machines, so it needs authentication",
        where="--host",
        hint="add --auth (make a token first: meguru token create), or --insecure-no-auth if you mean it",
    )


class Access:
    """Middleware that puts the principal's view of the workspace into ``request.state.workspace``.

    Without `auth` every request from this machine is the local owner's; pages of other sites and
    rebound host names are kept out by their ``Origin`` and ``Host`` headers.
    """

    def __init__(self, app: ASGIApp, *, ws: Workspace, auth: bool, any_host: bool = False) -> None:
        self.app, self.ws, self.auth, self.any_host = app, ws, auth, any_host
        self._authenticator = Authenticator(ws)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request in as somebody, or answer why not."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        whole, (scope, project) = scope, _without_project(scope)
        try:
            asked = _asked(scope)
            project = project or _mlflow_workspace(scope, asked)
            self._check_origin(scope, asked)
            principal = await self._principal(scope, asked, project)
        except Exception as error:  # noqa: BLE001 - each becomes an answer
            # With the project in its path: that is where the browser is to go on after the sign-in.
            await _refusal(HTTPConnection(whole), error)(whole, receive, send)
            return
        is_own = principal is self.ws.principal and not project  # then there is nothing to be seen otherwise
        view = self.ws if is_own else self.ws.with_(principal=principal, project=project)
        state = scope.setdefault("state", {})
        state["workspace"] = view
        # Streams last for minutes: they ask again whether the token still holds.
        if secret := self._secret_of(scope, asked):
            state["readmit"] = partial(self._authenticator.principal_now, secret)
        await self.app(scope, receive, send)

    def _check_origin(self, scope: Scope, asked: dict[bytes, str]) -> None:
        # DNS rebinding: a page of another site whose name was made to point at this machine sends its own
        # name.
        host = asked.get(b"host", "")
        if not self.auth and not self.any_host and not is_loopback(_host_name(host)):
            name = _host_name(host)
            raise Forbidden(f"this server does not answer to the name {name!r}", hint="use http://127.0.0.1")
        # CSRF: browsers say in `Origin` whose page sends a form or a script's request; programs send none.
        origin = asked.get(b"origin")
        changes = scope["method"] not in {"GET", "HEAD", "OPTIONS"}
        if origin and changes and origin.partition("://")[2] != host:
            raise Forbidden("a page of another site can't change anything here", where=origin)

    def _secret_of(self, scope: Scope, asked: dict[bytes, str]) -> str:
        return "" if scope["path"].startswith(OPEN_PATHS) else _secret(scope, asked)

    async def _principal(self, scope: Scope, asked: dict[bytes, str], project: str) -> Principal:
        if scope["path"].startswith(HOOKS) or (self.auth and scope["path"].startswith(OPEN_PATHS)):
            # What a hook takes is signed; a token that comes with it is the sender's, not one of ours.
            return Principal(name="anonymous", kind="anonymous")
        secret = _secret(scope, asked)
        if scope["path"].startswith(PREDICTIONS):
            project = (
                ""  # an endpoint that is there is of a project that is: predictions ask no database for it
            )
        if secret or (project and not self.auth):
            return await self._authenticator.admit(secret, project)
        if not self.auth:
            return LOCAL_OWNER
        raise Unauthenticated(
            "this server needs a token",
            hint="meguru login; or send Authorization: Bearer mgr_… (commands read it from MEGURU_TOKEN)",
        )


def _without_project(scope: Scope) -> tuple[Scope, str]:
    """Take ``/projects/NAME`` off a request's path: each door is there once more, in that project."""
    path: str = scope["path"]
    if not path.startswith(IN_PROJECT):
        return scope, ""
    project, slash, rest = path.removeprefix(IN_PROJECT).partition("/")
    if not project or not slash:
        return scope, ""
    within = dict(scope, path=f"/{rest}", raw_path=quote(f"/{rest}").encode())
    return within, normal(project)


def _mlflow_workspace(scope: Scope, asked: dict[bytes, str]) -> str:
    """Return the project that one of MLflow's clients is in: it calls that its workspace."""
    said = asked.get(b"x-mlflow-workspace", "")
    return normal(unquote(said.strip())) if said and "/mlflow" in scope["path"] else ""


def _asked(scope: Scope) -> dict[bytes, str]:
    """Return the headers that say who asks, and from where; of one that was sent twice, the first."""
    asked: dict[bytes, str] = {}
    for name, value in scope["headers"]:
        if name in _LOOKED_AT and name not in asked:
            asked[name] = value.decode("latin-1")
    return asked


@lru_cache(maxsize=256)
def _host_name(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return host


def _refusal(request: HTTPConnection, error: Exception) -> Response:
    reads_page = request.scope["method"] == "GET" and "text/html" in request.headers.get("accept", "")
    if isinstance(error, Unauthenticated) and reads_page:
        asked = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        then = f"?then={quote(mounted().path + asked)}" if asked != "/" else ""
        return RedirectResponse(f"{mounted().path}/sign-in{then}", status_code=303)
    if isinstance(error, MeguruError) and reads_page:
        page = Visit(Request(request.scope), None)
        return page.render("error.html", status=error.status, error=error, live="")
    return error_answer(error)


def _secret(scope: Scope, asked: dict[bytes, str]) -> str:
    kind, _, secret = asked.get(b"authorization", "").partition(" ")
    if kind.lower() == "bearer" and secret:
        return secret.strip()
    return HTTPConnection(scope).cookies.get(token_cookie(), "") if b"cookie" in asked else ""
