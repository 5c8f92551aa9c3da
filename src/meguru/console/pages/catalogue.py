"""The catalogue: everything that has a name, by a text."""

from __future__ import annotations

from starlette.responses import Response

from meguru.app.catalogue.find import find
from meguru.console.page_request import Visit

SHOWN = 50


def listing(visit: Visit) -> Response:
    """Show what has all words of a text."""
    text = visit.asked("text")[:200]
    entries = find(visit.ws, text=text, limit=SHOWN)
    return visit.render("catalogue.html", text=text, found=entries, live="")


PAGES = {"/ui/find": listing}
