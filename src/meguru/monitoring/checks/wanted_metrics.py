"""Which metrics the checks of a monitor want to be measured."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from meguru.metrics import Metric, metric_of
from meguru.monitoring.performance import RequestedMetric

PERFORMANCE, BESIDE = "performance", frozenset({"estimate"})
CALIBRATION = "calibration"


def requested_metrics(checks: Sequence[dict[str, Any]]) -> list[RequestedMetric]:
    """Return the metrics that a monitor's checks judge by, with the columns that are looked at by value."""
    metrics = [
        RequestedMetric(metric=_metric(check), slices=tuple(check.get("slices") or ()))
        for check in checks
        if check.get("check") == PERFORMANCE
    ]
    metrics += [
        RequestedMetric(metric=metric, method="analytic", beside=True)
        for check in checks
        if check.get("check") in BESIDE and (metric := _metric(check)) is not None
    ]
    if any(check.get("check") == CALIBRATION for check in checks):
        metrics.append(
            RequestedMetric(metric=metric_of("calibration_error@15"), method="analytic", beside=True)
        )
    return metrics


def _metric(options: dict[str, Any]) -> Metric | None:
    given = options.get("metric")
    return None if given is None else metric_of(given)
