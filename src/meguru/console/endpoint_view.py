"""An endpoint at a glance: what is live, and how it did in the newest window."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from markupsafe import Markup

from meguru.console.monitor_history import (
    SPARKED,
    estimate_of,
    interval,
    label_of,
    metric_of,
    reports_of,
    sparkline,
)
from meguru.console.page_request import Visit
from meguru.console.spans import span_name
from meguru.monitoring.measured import Estimate
from meguru.monitoring.types import ReportSummary
from meguru.serving.types import Endpoint, EndpointState

GLANCED = 2 * SPARKED
"""So many reports of a monitor: a window may have been evaluated again."""


def unserved_because(visit: Visit, endpoint: Endpoint) -> str:
    """Return why what was promoted does not answer; empty when it does, or nothing was promoted."""
    if endpoint.state is EndpointState.DOWN:
        return visit.text("No server serves it now.")
    if endpoint.state is EndpointState.LOADING:
        return visit.text("A server is loading it.")
    if endpoint.state is EndpointState.FAILED and endpoint.serving:
        return visit.spoken(endpoint.serving.why)
    return ""


class EndpointView(msgspec.Struct, frozen=True, kw_only=True):
    """What an endpoint's card shows."""

    endpoint: Endpoint
    unserved: str
    last: ReportSummary | None
    window: str
    metric: str
    estimate: Estimate | None
    interval: str
    spark: Markup


def glances(visit: Visit, endpoints: Sequence[Endpoint]) -> list[EndpointView]:
    """Look at some endpoints and their monitors."""
    reports = reports_of(visit, [endpoint.name for endpoint in endpoints], limit=GLANCED)
    return [glance(visit, endpoint, reports[endpoint.name]) for endpoint in endpoints]


def glance(visit: Visit, endpoint: Endpoint, reports: Sequence[ReportSummary]) -> EndpointView:
    """Look at one endpoint, given the reports of its monitors."""
    last = reports[-1] if reports else None
    metric = metric_of(reports)
    summary = next(
        (report_summary for report_summary in reversed(reports) if estimate_of(report_summary, metric)), None
    )
    estimate = estimate_of(summary, metric) if summary else None
    return EndpointView(
        endpoint=endpoint,
        unserved=unserved_because(visit, endpoint),
        last=last,
        window=span_name(last.start, last.end, visit.zone) if last else "",
        metric=label_of(metric),
        estimate=estimate,
        interval=interval(estimate),
        spark=sparkline(visit, reports),
    )
