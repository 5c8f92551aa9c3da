"""One request for a page: who reads it, in which language and time zone, and how the answer is sent."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any
from urllib.parse import quote

from markupsafe import Markup, escape
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from meguru.base import refs
from meguru.base.mount import mounted
from meguru.base.text import LANGUAGES, translate
from meguru.console import links
from meguru.console.language import LANGUAGE_COOKIE, language_of, zone_of
from meguru.errors import Forbidden, MeguruError
from meguru.kernel import events
from meguru.kernel.workspace import Workspace
from meguru.tracking.types import Run

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
    "Vary": "Accept-Encoding, Accept-Language, Cookie",
}
YEAR = 365 * 24 * 3600
WORTH_PACKING = 1000
TOKEN_COOKIE = "meguru_token"  # noqa: S105 - its name
"""Holds the token of who signed in by a form; no script can read it."""


def token_cookie(environment: str | None = None) -> str:
    """Return the name of that cookie: each environment of a server has its own (default: this one)."""
    name = mounted().name if environment is None else environment
    return f"{TOKEN_COOKIE}.{quote(name, safe='')}" if name else TOKEN_COOKIE


class Visit:
    """What a page's function gets.

    Its workspace is a snapshot: whatever the page asks for is of one moment, that of the event `seq`. The
    page's stream goes on after it, so that nothing falls between the two.
    """

    def __init__(
        self, request: Request, ws: Workspace | None, seq: int = 0, origin: Workspace | None = None
    ) -> None:
        self.request, self._ws, self.seq, self._origin = request, ws, seq, origin
        self.language, self.zone = language_of(request), zone_of(request)

    @property
    def ws(self) -> Workspace:
        """The workspace, as the reader's principal sees it."""
        if self._ws is None:
            raise Forbidden("the workspace can't be read by this visitor")
        return self._ws

    @property
    def who(self) -> str:
        """The name of whom this page is for; empty when nobody was let in."""
        return self._ws.principal.name if self._ws else ""

    @property
    def is_signed_in(self) -> bool:
        """Whether the reader came with a cookie, and so can sign out."""
        return token_cookie() in self.request.cookies

    @property
    def origin(self) -> Workspace:
        """The workspace itself, for what is read after the page's function has returned."""
        if self._origin is None:
            raise Forbidden("the workspace can't be read by this visitor")
        return self._origin

    @property
    def project(self) -> str:
        """The project that this page is within; empty when it shows those of all projects."""
        return self._ws.project if self._ws else ""

    @property
    def base(self) -> str:
        """What stands before every address within this page's project."""
        return links.base_of(self.project)

    def url_of(self, ref: str) -> str:
        """Return the page of a thing, as seen from this one."""
        return links.url_of(ref, self.base)

    def file_of(self, run: str, path: str, project: str) -> str:
        """Return where a file of a project's run is downloaded from, as seen from this page."""
        return links.file_of(run, path, links.base_of(project) or self.base)

    @property
    def fragment(self) -> bool:
        """Whether only the changing part of the page is wanted."""
        return self.request.query_params.get("fragment") == "1"

    def asked(self, name: str) -> str:
        """Return a query parameter, stripped; empty when it was not given."""
        return self.request.query_params.get(name, "").strip()

    def named(self, name: str) -> str:
        """Return a part of the path."""
        return str(self.request.path_params[name])

    def full(self, name: str) -> str:
        """Return a part of the path that names something, with the project that this page is within."""
        return refs.within(self.project, self.named(name))

    def say(self, message: str, **values: object) -> Markup:
        """Return a message in the reader's language, escaped, with its values filled in."""
        text = escape(translate(message, self.language))
        return text.format(**values) if values else text

    def text(self, message: str, **values: object) -> str:
        """Return a message in the reader's language as plain text, which whoever shows it escapes."""
        text = translate(message, self.language)
        return text.format(**values) if values else text

    def spoken(self, sentence: str) -> str:
        """Return a computed sentence in the reader's language; as it is where it is not known."""
        from meguru.sentences.spoken import spoken

        return spoken(sentence, self.language)

    def local(self, at: datetime) -> datetime:
        """Return a moment in the reader's time zone."""
        return at.astimezone(self.zone)

    def render(
        self, template: str, *, status: int = 200, followed: Iterable[Run] = (), **values: Any
    ) -> Response:
        """Answer with a page, or with its fragment; it waits for points of the runs `followed` that go on."""
        from meguru.console import templating  # with Jinja: a process that shows no page needs none of it

        points = [f"{run.id}:{_points(run)}" for run in followed if run.state in {"running", "interrupted"}]
        text = templating.render(self, template, {"seq": self.seq, "points": points} | values)
        body, headers = text.encode(), dict(HEADERS)
        if len(body) > WORTH_PACKING and "gzip" in self.request.headers.get("accept-encoding", ""):
            body = gzip.compress(body, 5, mtime=0)  # the same page is the same bytes, whenever it is sent
            headers["Content-Encoding"] = "gzip"
        answer = Response(body, status, headers, "text/html")
        if (chosen := self.asked("lang")) in LANGUAGES:
            answer.set_cookie(LANGUAGE_COOKIE, chosen, max_age=YEAR, samesite="lax", httponly=True)
        return answer


def _points(run: Run) -> int:
    return sum(each.count for each in run.metrics.values())


PageFunction = Callable[[Visit], Response]


def page(show: PageFunction, get_workspace: Callable[[Request], Workspace]) -> Callable[[Request], Any]:
    """Make a route's function of a page's function: errors become pages that say what to try."""

    def answer(request: Request) -> Response:
        ws = None
        try:
            ws = get_workspace(request)
            # One snapshot for all that a page asks: a list and the counts beside it never contradict each
            # other.
            with ws.snapshot() as moment, moment.read() as tx:
                # The first look, which fixes the moment.
                return show(Visit(request, moment, events.head(tx), ws))
        except MeguruError as error:
            return Visit(request, ws).render("error.html", status=error.status, error=error, live="")

    async def endpoint(request: Request) -> Response:
        return await run_in_threadpool(answer, request)

    return endpoint
