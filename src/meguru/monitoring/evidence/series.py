"""The numbers that rang, over the windows before."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from meguru.monitoring.evidence.types import MonitoredPoint, MonitoredSeries
from meguru.monitoring.measured import MeasuredMetric, ModelPerformance, Role
from meguru.monitoring.types import Finding, ReportVerdict, Severity
from meguru.monitoring.window import MonitoredWindow, PastWindow

MAX_WINDOWS = 30
MAX_SERIES = 6
"""So many series are kept: the live model's metric, and the gravest findings."""
Reading = tuple[float | None, float | None, float | None]


@dataclass(frozen=True, slots=True)
class JudgedSpan:
    """A window as its report names it: its start and end, and what it comes to."""

    start: datetime
    end: datetime
    verdict: ReportVerdict


def all_series(
    window: MonitoredWindow, ringing: Sequence[Finding], span: JudgedSpan
) -> list[MonitoredSeries]:
    """Return the live model's metric over windows, and the statistics of what rang, gravest first.

    Parameters
    ----------
    window
        With the windows before it, newest last.
    ringing
        The findings beyond their thresholds, gravest first.
    """
    drop = next((finding for finding in ringing if _is_of_metric(finding, window)), None)
    made = [_of_metric(window, drop, span)]
    others = [finding for finding in ringing if finding is not drop and finding.statistic is not None]
    made += [_of_finding(window, finding, span) for finding in others[: MAX_SERIES - 1]]
    return [series for series in made if series is not None]


def _is_of_metric(finding: Finding, window: MonitoredWindow) -> bool:
    """Tell whether a finding is of the judged metric itself: others are of its trend, or of slices."""
    judged = window.live.metrics[0] if window.live and window.live.metrics else None
    value = judged.estimate.value if judged and judged.estimate else None
    is_drop = finding.severity is Severity.PERFORMANCE_DROP and not finding.slice
    return is_drop and value is not None and finding.statistic == value


def _of_metric(window: MonitoredWindow, drop: Finding | None, span: JudgedSpan) -> MonitoredSeries | None:
    judged = window.live.metrics[0] if window.live and window.live.metrics else None
    if judged is None:
        return None
    is_least = judged.direction == "higher"
    threshold = drop.threshold if drop else None
    return MonitoredSeries(
        label=judged.label,
        severity=Severity.PERFORMANCE_DROP.value if drop else "",
        rang=drop is not None,
        reference=judged.reference,
        threshold=threshold,
        is_least=is_least,
        points=_points(window, span, lambda found, _: _metric_reading(found, judged)),
    )


def _metric_reading(performance: Sequence[ModelPerformance], judged: MeasuredMetric) -> Reading:
    live = next(
        (model_performance for model_performance in performance if model_performance.role is Role.LIVE), None
    )
    metric = live.measured(judged.metric) if live else None
    estimate = metric.estimate if metric else None
    return (estimate.value, estimate.low, estimate.high) if estimate else (None, None, None)


def _of_finding(window: MonitoredWindow, finding: Finding, span: JudgedSpan) -> MonitoredSeries:
    def reading(_: Sequence[ModelPerformance], findings: Sequence[Finding]) -> Reading:
        found = finding if finding in findings else next(filter(_is_like(finding), findings), None)
        return (found.statistic if found else None, None, None)

    named = finding.column or finding.slice
    what_else = finding.check if named else finding.severity.value.replace("_", " ")
    about = " · ".join(each for each in (finding.column, finding.slice, what_else) if each)
    return MonitoredSeries(
        label=about,
        severity=finding.severity.value,
        column=finding.column,
        slice=finding.slice,
        rang=True,
        threshold=finding.threshold,
        is_least=_is_least(finding),
        points=_points(window, span, reading, (finding,)),
    )


def _is_like(finding: Finding) -> Callable[[Finding], bool]:
    """Return what tells whether an earlier finding is of the same; a check's findings differ by threshold."""
    what = (finding.check, finding.severity, finding.column, finding.slice)

    def is_like(each: Finding) -> bool:
        same = (each.check, each.severity, each.column, each.slice) == what
        return same and (bool(finding.column) or _near(each.threshold, finding.threshold))

    return is_like


def _near(first: float | None, second: float | None) -> bool:
    return first == second or bool(first and second and 0.5 < first / second < 2)


def _is_least(finding: Finding) -> bool:
    """Tell whether a finding is breached below its threshold."""
    known = finding.statistic is not None and finding.threshold is not None
    return known and finding.breached and finding.statistic < finding.threshold  # type: ignore[operator]


def _points(
    window: MonitoredWindow,
    span: JudgedSpan,
    read: Callable[[Sequence[ModelPerformance], Sequence[Finding]], Reading],
    findings: Sequence[Finding] = (),
) -> list[MonitoredPoint]:
    points = [
        _past_point(past_window, read(past_window.performance, past_window.findings))
        for past_window in window.past[-MAX_WINDOWS:]
    ]
    value, low, high = read(window.performance, findings)
    points.append(
        MonitoredPoint(
            start=span.start,
            end=span.end,
            value=_finite(value),
            low=_finite(low),
            high=_finite(high),
            verdict=span.verdict.value,
            model=window.model,
        )
    )
    return points


def _past_point(past: PastWindow, reading: Reading) -> MonitoredPoint:
    value, low, high = map(_finite, reading)
    return MonitoredPoint(
        start=past.start,
        end=past.end,
        value=value,
        low=low,
        high=high,
        verdict=past.verdict.value,
        model=past.model,
    )


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
