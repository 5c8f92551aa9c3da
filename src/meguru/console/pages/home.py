"""Now: what needs a person, the loop with its lights, the endpoints, and what happened last."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.responses import Response

from meguru.artifacts.log import list_events
from meguru.console.charts.loop import loop
from meguru.console.endpoint_view import glances
from meguru.console.needs import needs
from meguru.console.stations import stations
from meguru.console.visit import PageFunction, Visit
from meguru.kernel.events import Event
from meguru.serving.show import list_endpoints
from meguru.serving.types import Endpoint

CARDS = 12
RECENT = 12


def show(visit: Visit) -> Response:
    """Show the page that a day begins with."""
    endpoints = list_endpoints(visit.ws, limit=CARDS).items
    recent = list_events(visit.ws, limit=RECENT, newest_first=True).items
    label = visit.text("The loop: data, train, model, live, watch, decide")
    return visit.render(
        "home.html",
        loop_drawing=loop(stations(visit, endpoints), label),
        needs=needs(visit, endpoints),
        views=glances(visit, endpoints),
        events=recent,
        next=_next(endpoints, recent),
        live="*",
    )


def _next(endpoints: Sequence[Endpoint], recent: Sequence[Event]) -> str:
    if endpoints:
        return f"meguru why endpoint/{endpoints[0].name}"
    return "meguru runs" if recent else "meguru demo flights"


PAGES: dict[str, PageFunction] = {
    "/": show,
}
