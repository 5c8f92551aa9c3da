"""Triggers: the rules, and what they did, held back or could not do."""

from __future__ import annotations

from datetime import datetime

from starlette.responses import Response

from meguru.console.page_request import PageFunction, Visit
from meguru.triggers import show
from meguru.triggers.arrivals.show import listeners

WINDOW = 100
_BEHIND = "~"
"""Sorts behind every character of an id: the window begins with the firing that is asked for."""


def listing(visit: Visit) -> Response:
    """Show the triggers and a window of their firings, of one trigger if one is asked for."""
    name, before, firing = visit.asked("name"), visit.asked("before"), visit.asked("firing")
    since = before or (firing and f"{firing}{_BEHIND}")
    found = show.history(visit.ws, name=name, before=since, limit=WINDOW)
    return visit.render(
        "triggers.html",
        triggers=show.list_triggers(visit.ws),
        listeners={each.trigger: each for each in listeners(visit.ws)},
        firings=found.items,
        moment=datetime.fromisoformat,
        older=found.next_cursor,
        before=since,
        name=name,
        live="trigger.",
    )


PAGES: dict[str, PageFunction] = {
    "/ui/triggers": listing,
}
