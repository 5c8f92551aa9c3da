"""What is in quarantine; one of them, with what it would import, and forms for who may decide."""

from __future__ import annotations

from urllib.parse import quote

from starlette.responses import Response

from meguru.console.forms import FormFunction, FormValues, unknown
from meguru.console.page_request import PageFunction, Visit
from meguru.quarantine.accept import accept
from meguru.quarantine.convert import convert
from meguru.quarantine.refuse import refuse
from meguru.quarantine.show import list_quarantined, show
from meguru.quarantine.types import OPEN, QuarantineState

WINDOW = 100
LIVE = "quarantine."
_VERBS = ("convert", "accept", "refuse")


def listing(visit: Visit) -> Response:
    """Show what is, or was, in quarantine, newest first."""
    before = visit.asked("before")
    found = list_quarantined(visit.ws, before=before, limit=WINDOW)
    return visit.render(
        "quarantine.html", found=found.items, older=found.next_cursor, before=before, live=LIVE
    )


def one(visit: Visit) -> Response:
    """Show one object, and what the reader may do with it."""
    model = show(visit.ws, id=visit.named("id"))
    may = {verb for verb in _VERBS if visit.ws.principal.allows(f"quarantine:{verb}", model.project)}
    is_open, is_known = model.state in OPEN, not (model.unknown or model.listing.unreadable)
    return visit.render(
        "quarantined.html",
        found=model,
        may_convert=is_open and is_known and model.has_example and "convert" in may,
        may_accept=model.state is QuarantineState.CONVERTED and "accept" in may,
        may_refuse=is_open and "refuse" in may,
        live=LIVE,
    )


def decide(visit: Visit, given: FormValues) -> str:
    """Do what a form on the page of an object asks for."""
    id, reason, do = visit.named("id"), given.get("reason", ""), given.get("do", "")
    match do:
        case "convert":
            convert(visit.ws, id=id)
        case "accept":
            accept(visit.ws, id=id, reason=reason, name=given.get("name", ""))
        case "refuse":
            refuse(visit.ws, id=id, reason=reason)
        case _:
            raise unknown(given, _VERBS)
    return f"../{quote(id, safe='')}"


FORMS: dict[str, FormFunction] = {"/ui/quarantine/{id}/edit": decide}
PAGES: dict[str, PageFunction] = {"/ui/quarantine": listing, "/ui/quarantine/{id}": one}
