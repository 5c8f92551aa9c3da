"""A business metric: what it is, and what it came to in each window."""

from __future__ import annotations

from functools import partial

from markupsafe import Markup
from starlette.responses import Response

from meguru.business.formatting import amount, number, shown
from meguru.business.show import MetricHistory, show_metric
from meguru.business.types import BusinessValue, OtherValue
from meguru.console.charts.targets import TargetPoint, targets
from meguru.console.page_request import PageFunction, Visit
from meguru.console.spans import span_name, span_title

MAX_WINDOWS = 60
"""Windows that are drawn."""


def one(visit: Visit) -> Response:
    """Show a metric's declaration, its series with the target, and its parts in the newest window."""
    found = show_metric(visit.ws, name=visit.full("name"), limit=MAX_WINDOWS)
    return visit.render(
        "business_metric.html",
        metric=found.metric,
        values=found.values,
        drawing=_drawn(visit, found),
        gains=[(each, other, *_gain(each, other)) for each in found.values for other in each.others],
        amount=amount,
        number=number,
        shown=shown,
        span_name=partial(span_name, zone=visit.zone),
        span_title=partial(span_title, zone=visit.zone),
        live="business_metric.",
    )


def _gain(value: BusinessValue, other: OtherValue) -> tuple[float, float | None, float | None]:
    """Return how much better the live answers were, with the interval."""
    if value.direction == "higher" or other.low is None or other.high is None:
        return other.difference if value.direction == "higher" else -other.difference, other.low, other.high
    return -other.difference, -other.high, -other.low


def _drawn(visit: Visit, found: MetricHistory) -> Markup | None:
    points = [
        TargetPoint(
            label=span_name(each.start, each.end, visit.zone),
            tip=f"{span_title(each.start, each.end, visit.zone)}: {shown(each)}",
            value=each.value,
            low=each.low,
            high=each.high,
            missed=each.misses,
        )
        for each in reversed(found.values)
    ]
    if not points:
        return None
    target = found.metric.target
    words = "" if target is None else amount(target, found.metric.unit)
    return targets(points, target, found.metric.name, words)


PAGES: dict[str, PageFunction] = {"/ui/business-metrics/{name}": one}
