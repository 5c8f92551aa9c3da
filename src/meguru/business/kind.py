"""Business metrics, as a kind."""

from __future__ import annotations

from typing import Any

import msgspec

from meguru.business.types import WINDOW, Direction
from meguru.kernel.kinds import Kind, Payload, event_type, spec_events


class BusinessMetricSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A business metric as people declare it.

    `sql` is a SELECT over the table ``predictions`` and the `datasets` (``fares``: the newest version,
    ``fares@3``: one), whose answer has a column ``value``; or `python` is a function, ``metrics.py:cost``, of
    the same tables as Polars frames, and `code` the digest of what it reaches. What it answers is added up,
    and is for what `per` says: the whole window, a prediction, or so many (``1000 predictions``). The value
    is in `unit`; `direction` says whether more or less of it is better, and `target` what it should reach, or
    not exceed.
    """

    endpoint: str
    sql: str = ""
    python: str = ""
    code: str = ""
    datasets: list[str] = []
    unit: str = ""
    direction: Direction = "higher"
    target: float | None = None
    per: str = WINDOW
    description: str = ""


@event_type(
    "business_metric.measured",
    label="business metric measured",
    sentence="{subject} was measured",
)
class BusinessMetricMeasured(Payload, frozen=True):
    """What a metric came to in a window; `before` is what it came to when it was measured last."""

    start: str
    end: str
    value: float | None
    low: float | None
    high: float | None
    unit: str
    target: float | None
    problem: str
    before: float | None
    datasets: list[str]


BUSINESS_METRIC = Kind(
    name="business_metric",
    title=("business metric", "business metrics"),
    tables=("meguru.business.schema",),
    operations=("meguru.business.operations",),
    events=(
        *spec_events(
            "business_metric",
            BusinessMetricSpec,
            retired="A business metric was taken out of use; what it came to stays.",
        ),
        BusinessMetricMeasured,
    ),
    grants={"engineer": ("write", "measure"), "data-scientist": ("write", "measure")},
    spec=BusinessMetricSpec,
    spec_store="meguru.business.spec",
    prepare="meguru.business.project_file:prepare",
    upload="meguru.business.project_file:carry",
    page="/ui/business-metrics/{name}",
)


def measurement_data(value: Any, before: Any) -> dict[str, Any]:
    """Return what the event of a measurement tells."""
    return {
        "start": value.start,
        "end": value.end,
        "value": value.value,
        "low": value.low,
        "high": value.high,
        "unit": value.unit,
        "target": value.target,
        "problem": value.problem,
        "before": None if before is None else before.value,
        "datasets": value.datasets,
    }
