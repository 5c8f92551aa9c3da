"""Triggers: the rules, and what they did, held back or could not do."""

from __future__ import annotations

from datetime import datetime, timedelta

from starlette.responses import Response

from meguru.console.page_request import PageFunction, Visit
from meguru.triggers import dry_run, show
from meguru.triggers.arrivals.show import listeners
from meguru.triggers.types import Firing, FiringState, TriggerTest

WINDOW = 100
MOMENTS = 3
TESTED = timedelta(days=30)
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
        owed={each.trigger: each for each in _owed(visit)},
        upcoming=show.next_moments(visit.ws, name=name, count=MOMENTS) if name else None,
        test=_foreseen(visit, name) if name and visit.asked("test") else None,
        listeners={listener_state.trigger: listener_state for listener_state in listeners(visit.ws)},
        firings=found.items,
        moment=datetime.fromisoformat,
        older=found.next_cursor,
        before=since,
        name=name,
        live="trigger.",
    )


def _owed(visit: Visit) -> list[Firing]:
    """Return what triggers owe, one for each at most."""
    return show.history(visit.ws, state=FiringState.OWED, limit=WINDOW).items


def _foreseen(visit: Visit, name: str) -> TriggerTest:
    """Return what a trigger would have done in the last month; nothing is written."""
    since = visit.ws.clock.now() - TESTED
    return dry_run.try_out(visit.ws, name=name, since=since, limit=WINDOW)


PAGES: dict[str, PageFunction] = {
    "/ui/triggers": listing,
}
