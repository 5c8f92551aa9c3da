"""The event log: filtered, live, verified; and one event with what led to it."""

from __future__ import annotations

from starlette.responses import Response

from meguru.artifacts import log, why
from meguru.audit.verify import verify
from meguru.console.labels import known_events
from meguru.console.page_request import PageFunction, Visit
from meguru.console.query_params import number_before
from meguru.console.reasons import reasons

WINDOW = 100
SHOWN = "*"


def listing(visit: Visit) -> Response:
    """Show a window of the log, newest first."""
    kind, subject = visit.asked("type"), visit.asked("subject")
    before = number_before(visit)
    found = log.list_events(
        visit.ws, before=before, limit=WINDOW, type=kind, subject=subject, newest_first=True
    )
    verdict = verify(visit.ws) if visit.asked("verify") == "1" and not visit.fragment else None
    return visit.render(
        "events.html",
        events=found.items,
        older=found.next_cursor,
        before=before,
        type=kind,
        subject=subject,
        types=known_events(),
        verdict=verdict,
        live="" if before or verdict else SHOWN,
    )


def one(visit: Visit) -> Response:
    """Show one event, and the chain of causes that ends in it."""
    explained = why.show(visit.ws, ref=f"event/{visit.named('id')}")
    seq = explained.chain[-1].seq
    event = log.list_events(visit.ws, after=seq - 1, limit=1).items[0]
    return visit.render("event.html", event=event, chain=explained.chain, reasons=reasons, live="")


PAGES: dict[str, PageFunction] = {
    "/ui/events": listing,
    "/ui/events/{id}": one,
}
