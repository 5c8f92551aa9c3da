"""Now: what needs a person, the loop with its lights, the endpoints, and what happened last."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.responses import Response

from meguru.artifacts.log import list_events
from meguru.base.roots import PROJECT
from meguru.console.attention import needs
from meguru.console.charts.loop import loop
from meguru.console.endpoint_view import glances
from meguru.console.loop_status import stations
from meguru.console.page_request import PageFunction, Visit
from meguru.kernel.events import Event
from meguru.monitoring.show import list_monitors
from meguru.releases.show import newest_releases
from meguru.serving.show import list_endpoints
from meguru.serving.types import Endpoint

CARDS = 12
RECENT = 12
FIRST = "train.py:train"
"""The pipeline that `meguru init` writes."""


def show(visit: Visit) -> Response:
    """Show the page that a day begins with."""
    endpoints = list_endpoints(visit.ws, limit=CARDS).items
    recent = list_events(visit.ws, limit=RECENT, newest_first=True).items
    newest = newest_releases(visit.ws, endpoints=[endpoint.name for endpoint in endpoints])
    releases = {release.endpoint: release for release in newest}
    # The loop is one endpoint's: of the one that was decided on last.
    last = max(newest, key=lambda each: each.created_at, default=None)
    shown = next((endpoint for endpoint in endpoints if last and endpoint.name == last.endpoint), None)
    shown = shown or (endpoints[0] if endpoints else None)
    monitors = list_monitors(visit.ws)
    round_ = stations(visit, shown, releases.get(shown.name) if shown else None, monitors)
    label = visit.text("The loop: data, train, model, live, watch, decide")
    return visit.render(
        "home.html",
        loop_drawing=loop(round_, label),
        stations=round_,
        endpoint=shown.name if shown else "",
        needs=needs(visit, endpoints, releases, monitors),
        views=glances(visit, endpoints),
        events=recent,
        next=_next(visit, endpoints, recent),
        live="*",
    )


def _next(visit: Visit, endpoints: Sequence[Endpoint], recent: Sequence[Event]) -> str:
    if endpoints:
        return f"meguru why endpoint/{endpoints[0].name}"
    if recent:
        return "meguru runs list"
    project = visit.ws.root.parent if visit.ws.root else None
    if project and (project / PROJECT).is_file():
        return f"meguru run {FIRST}" if (project / FIRST.partition(":")[0]).is_file() else "meguru run --help"
    return "meguru init"


PAGES: dict[str, PageFunction] = {
    "/": show,
}
