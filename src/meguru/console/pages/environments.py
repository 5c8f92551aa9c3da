"""The environments of this server side by side: what runs in each, by digest, and what differs."""

from __future__ import annotations

from contextlib import nullcontext
from functools import partial
from typing import Any

from starlette.responses import Response

from meguru.app.status.side_by_side import compare
from meguru.base.mount import mounted
from meguru.console.page_request import PageFunction, Visit, token_cookie


def side_by_side(visit: Visit) -> Response:
    """Show what the reader may see of each environment; of those where they are nobody, that they are."""
    here = mounted()
    doors = {name: partial(_open, visit, name, is_here=path == here.path) for name, path in here.all}
    compared = compare(doors or {visit.text("here"): partial(_open, visit, "", is_here=True)})
    return visit.render("environments.html", found=compared, addresses=dict(here.all), live="")


def _open(visit: Visit, name: str, *, is_here: bool) -> Any:
    view = mounted().view
    if is_here or view is None:
        return nullcontext(visit.ws)
    first = mounted().all[0][0]
    secret = visit.request.cookies.get(token_cookie("" if name == first else name), "")
    return nullcontext(view(name, secret))


PAGES: dict[str, PageFunction] = {"/ui/environments": side_by_side}
