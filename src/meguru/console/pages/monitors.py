"""Monitors: the way to the endpoint that one watches, and one report with all its findings."""

from __future__ import annotations

from functools import partial
from urllib.parse import quote

from starlette.responses import RedirectResponse, Response

from meguru.console.page_request import PageFunction, Visit
from meguru.console.spans import span_name, span_title
from meguru.console.watch import interval
from meguru.monitoring import show


def one(visit: Visit) -> Response:
    """Go to the endpoint that a monitor watches: its page has the monitor's history."""
    monitor = show.show(visit.ws, name=visit.full("name"), limit=1).monitor
    place = f"#monitor-{quote(monitor.name, safe='')}"
    return RedirectResponse(visit.url_of(f"endpoint/{monitor.endpoint}") + place, status_code=303)


def report(visit: Visit) -> Response:
    """Show one report, what was breached first."""
    found = show.show_report(visit.ws, ref=visit.named("id"))
    return visit.render(
        "report.html",
        report=found,
        findings=sorted(found.findings, key=lambda each: (not each.breached, each.check, each.column)),
        span_name=partial(span_name, zone=visit.zone),
        span_title=partial(span_title, zone=visit.zone),
        interval=interval,
        live="",
    )


PAGES: dict[str, PageFunction] = {
    "/ui/monitors/{name}": one,
    "/ui/reports/{id}": report,
}
