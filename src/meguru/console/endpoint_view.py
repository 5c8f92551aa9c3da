"""An endpoint at a glance: what is live, and how it did in the newest window."""

from __future__ import annotations

import msgspec
from markupsafe import Markup

from meguru.console.spans import span_name
from meguru.console.visit import Visit
from meguru.console.watch import auc_of, interval, reports_of, sparkline
from meguru.monitoring.types import Estimate, ReportSummary
from meguru.serving.types import Endpoint


class EndpointView(msgspec.Struct, frozen=True, kw_only=True):
    """What an endpoint's card shows."""

    endpoint: Endpoint
    last: ReportSummary | None
    window: str
    auc: Estimate | None
    interval: str
    spark: Markup


def glance(visit: Visit, endpoint: Endpoint) -> EndpointView:
    """Look at one endpoint and its monitors."""
    reports = reports_of(visit, endpoint.name)
    last = reports[-1] if reports else None
    known = next((each for each in reversed(reports) if auc_of(each)), None)
    auc = auc_of(known) if known else None
    return EndpointView(
        endpoint=endpoint,
        last=last,
        window=span_name(last.start, last.end) if last else "",
        auc=auc,
        interval=interval(auc),
        spark=sparkline(visit, reports),
    )
