"""Forms that change something: plain POSTs that need no script, answered with the page they were sent from.

A page of another site can't send them: the browser says where a form comes from, and what does not say it is
refused, beside the check that the server makes for everything that changes something.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from meguru.console.page_request import Visit
from meguru.errors import Forbidden, InvalidInput, MeguruError, TooLarge
from meguru.kernel.workspace import Workspace

MAX_BYTES, MAX_FIELDS = 128 << 10, 50
FormValues = dict[str, str]
FormFunction = Callable[[Visit, FormValues], str]
"""Does what a form asks for, and returns the page to go on with, relative to the form's address."""


def form(change: FormFunction, get_workspace: Callable[[Request], Workspace]) -> Callable[[Request], Any]:
    """Make a route's function of a form's function: errors become pages that say what to try."""

    def answer(request: Request, body: bytes) -> Response:
        ws = None
        try:
            ws = get_workspace(request)
            _check_site(request)
            # Relative, so that a page within a project's address leads back there.
            return RedirectResponse(change(Visit(request, ws), _read(body)), status_code=303)
        except MeguruError as error:
            return Visit(request, ws).render("error.html", status=error.status, error=error, live="")

    async def endpoint(request: Request) -> Response:
        body = b""
        async for part in request.stream():
            body += part
            if len(body) > MAX_BYTES:
                break
        return await run_in_threadpool(answer, request, body)

    return endpoint


def unknown(given: FormValues, known: tuple[str, ...]) -> InvalidInput:
    """Return what to say of a form that asks for what it can't."""
    return InvalidInput(
        f"this form can't {given.get('do', '')[:40]!r}", field="do", hint=f"it can {', '.join(known)}"
    )


def _check_site(request: Request) -> None:
    # Browsers send `Origin` with every POST, and newer ones `Sec-Fetch-Site`; what sends neither is no form.
    site, origin = request.headers.get("sec-fetch-site", ""), request.headers.get("origin", "")
    is_here = origin.partition("://")[2] == request.headers.get("host", "")
    if not (site or origin) or site not in {"", "same-origin"} or (origin and not is_here):
        raise Forbidden("a form of another site can't change anything here", where=origin)


def _read(body: bytes) -> FormValues:
    if len(body) > MAX_BYTES:
        raise TooLarge("the form is too large", why=f"at most {MAX_BYTES >> 10} KiB")
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MAX_FIELDS)
    except ValueError as error:
        raise InvalidInput("the form can't be read", why=str(error)) from error
    return {key: value.replace("\r\n", "\n").strip() for key, value in pairs}
