"""Endpoints: a card each; one with its history, its releases and why it is as it is."""

from __future__ import annotations

from functools import partial

from starlette.responses import Response

from meguru.artifacts import why
from meguru.artifacts.types import Cause
from meguru.base import refs
from meguru.base.paging import Page
from meguru.business.formatting import amount, shown
from meguru.business.show import MetricStatus, list_metrics
from meguru.console.decisions import flags, said
from meguru.console.endpoint_view import glance, glances
from meguru.console.monitor_history import (
    draw_history,
    estimate_of,
    interval,
    metric_of,
    others_of,
    reports_of,
)
from meguru.console.page_request import PageFunction, Visit
from meguru.console.query_params import number_before, number_of
from meguru.console.reasons import reasons
from meguru.console.spans import span_name, span_title
from meguru.console.traffic_view import traffic_view
from meguru.errors import NotFound
from meguru.monitoring.show import list_monitors
from meguru.releases.show import list_releases
from meguru.releases.types import Release
from meguru.serving import show

WINDOW = 24
RELEASES = 50
LIVE = "endpoint. contract. release. monitor. outcomes. business_metric."


def listing(visit: Visit) -> Response:
    """Show the endpoints."""
    found = show.list_endpoints(visit.ws, cursor=visit.asked("after"), limit=WINDOW)
    views = glances(visit, found.items)
    return visit.render("endpoints.html", views=views, older=found.next_cursor, live=LIVE)


def one(visit: Visit) -> Response:
    """Show one endpoint."""
    detail = show.show(visit.ws, name=visit.full("name"))
    name = detail.endpoint.name
    reports = reports_of(visit, [name])[name]
    before, metric = number_before(visit), metric_of(reports)
    releases = _releases(visit, name, before)
    return visit.render(
        "endpoint.html",
        view=glance(visit, detail.endpoint, reports),
        totals=detail.totals,
        renewal=detail.renewal,
        contracts=detail.contracts,
        reports=reports,
        business=_business(visit, name),
        traffic=traffic_view(visit, name),
        shown=shown,
        amount=amount,
        may_label=visit.ws.principal.allows("labelling:label", refs.project_of(name)),
        monitors=[each.monitor for each in list_monitors(visit.ws, endpoint=name)],
        others=list(dict.fromkeys(model for each in reports for model in others_of(each, metric))),
        metric=metric,
        drawing=draw_history(visit, reports, list(flags(visit, releases.items, reports))),
        releases=releases.items,
        older=releases.next_cursor,
        before=before,
        said=partial(said, visit),
        chain=_chain(visit, name),
        reasons=reasons,
        estimate_of=estimate_of,
        others_of=others_of,
        interval=interval,
        span_name=partial(span_name, zone=visit.zone),
        span_title=partial(span_title, zone=visit.zone),
        live=LIVE,
    )


def _business(visit: Visit, endpoint: str) -> list[MetricStatus]:
    allowed = visit.ws.principal.allows("business_metric:read", refs.project_of(endpoint))
    return list_metrics(visit.ws, endpoint=endpoint) if allowed else []


def _releases(visit: Visit, endpoint: str, before: int | None) -> Page[Release]:
    """Return a window of the releases; it goes back to one that is asked for."""
    found = list_releases(visit.ws, endpoint=endpoint, before=before, limit=RELEASES)
    asked = number_of(visit, "release")
    if asked is None or before or not found.items or found.items[-1].version <= asked:
        return found
    return list_releases(visit.ws, endpoint=endpoint, before=asked + 1, limit=RELEASES)


def _chain(visit: Visit, name: str) -> list[Cause]:
    try:
        return why.show(visit.ws, ref=f"endpoint/{name}").chain
    except NotFound:
        return []


PAGES: dict[str, PageFunction] = {
    "/ui/endpoints": listing,
    "/ui/endpoints/{name}": one,
}
