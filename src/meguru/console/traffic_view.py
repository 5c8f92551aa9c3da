"""How an endpoint answered in the last hour, drawn."""

from __future__ import annotations

import msgspec
from markupsafe import Markup

from meguru.base import refs
from meguru.console.charts.targets import TargetPoint, targets
from meguru.console.page_request import Visit
from meguru.serving.traffic.show import traffic
from meguru.serving.traffic.types import EndpointTraffic

PARTS = 30
MILLI = 1000


class TrafficView(msgspec.Struct, frozen=True, kw_only=True):
    """What was counted, and the latency over time: within how many milliseconds 95 of 100 were answered."""

    seen: EndpointTraffic
    drawing: Markup | None


def traffic_view(visit: Visit, endpoint: str) -> TrafficView | None:
    """Look at the requests of the last hour; None when there was none, or the reader may not see them."""
    if not visit.ws.principal.allows("endpoint:read", refs.project_of(endpoint)):
        return None
    seen = traffic(visit.ws, name=endpoint, parts=PARTS)
    return TrafficView(seen=seen, drawing=_drawn(visit, seen)) if seen.total.requests else None


def _drawn(visit: Visit, seen: EndpointTraffic) -> Markup | None:
    points = []
    for counts in seen.parts:
        at, late = counts.start.astimezone(visit.zone), counts.latency(0.95)
        if late is not None:
            tip = f"{at:%H:%M}: {late * MILLI:.3g} ms, {counts.requests}"
            points.append(
                TargetPoint(label=f"{at:%H:%M}", tip=tip, value=late * MILLI, missed=bool(counts.errors))
            )
    return targets(points, None, visit.text("latency, in ms: 95 % within"), "") if len(points) > 1 else None
