"""What the monitors of an endpoint saw, made ready for tables and drawings."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from meguru.console.charts.history import Flag, WindowPoint, Words, history
from meguru.console.charts.series import spark
from meguru.console.numbers import count, number, percent
from meguru.console.page_request import Visit
from meguru.console.spans import span_name
from meguru.monitoring import show
from meguru.monitoring.measured import AUC, Estimate, MeasuredMetric, Role
from meguru.monitoring.types import ReportSummary, ReportVerdict

REPORTS = 200
DRAWN = 60
SPARKED = 24


def reports_of(
    visit: Visit, endpoints: Sequence[str], *, limit: int = REPORTS
) -> dict[str, list[ReportSummary]]:
    """Return, of some endpoints, the newest report of each window that a monitor saw, oldest window first."""
    listed = show.list_reports(visit.ws, endpoints=list(endpoints), limit=limit)
    return {endpoint: in_order(reports) for endpoint, reports in listed.items()}


def in_order(reports: Sequence[ReportSummary]) -> list[ReportSummary]:
    """Return the newest report of each window, the oldest window first; reports come newest first."""
    summaries = {(summary.monitor, summary.start, summary.end): summary for summary in reversed(reports)}
    return sorted(summaries.values(), key=lambda each: (each.start, each.end, each.monitor))


def draw_history(visit: Visit, reports: Sequence[ReportSummary], flags: Sequence[Flag]) -> Markup:
    """Draw the history of performance and drift; empty when nothing was evaluated yet."""
    if not reports:
        return Markup()
    metric = metric_of(reports)
    words = Words(
        label=visit.text(
            "{metric} by window: the live model with its interval, and the models beside it",
            metric=label_of(metric),
        ),
        drift=visit.text("drifted features, share"),
    )
    cut = max(0, len(reports) - DRAWN)
    shown = [_window(visit, summary, metric) for summary in reports[cut:]]
    kept = [
        Flag(after=f.after - cut, good=f.good, text=f.text, tip=f.tip) for f in flags if f.after >= cut - 1
    ]
    return history(shown, kept, words)


def sparkline(visit: Visit, reports: Sequence[ReportSummary]) -> Markup:
    """Draw the live model's metric of the last windows."""
    metric = metric_of(reports)
    values = [estimate.value if (estimate := estimate_of(report, metric)) else None for report in reports]
    return spark(values[-SPARKED:], visit.text("{metric} of the last windows", metric=label_of(metric)))


def metric_of(reports: Sequence[ReportSummary]) -> str:
    """Return the metric by which the newest window with an answer was judged: windows are compared by one."""
    return next((summary.metric for summary in reversed(reports) if summary.live), AUC)


def label_of(metric: str) -> str:
    """Return what people call a metric."""
    return MeasuredMetric(metric=metric).label


def estimate_of(report: ReportSummary, metric: str) -> Estimate | None:
    """Return the live model's metric in a window; None while too few outcomes are known."""
    measured_metric = report.live.measured(metric) if report.live else None
    return measured_metric.estimate if measured_metric else None


def others_of(report: ReportSummary, metric: str) -> dict[str, Estimate]:
    """Return the metric of the models that scored along, by reference."""
    measured = {
        performance.model: performance.measured(metric)
        for performance in report.performance
        if performance.role is Role.SHADOW
    }
    return {model: found.estimate for model, found in measured.items() if found and found.estimate}


def interval(estimate: Estimate | None) -> str:
    """Write an estimate's interval."""
    return f"[{number(estimate.low)}, {number(estimate.high)}]" if estimate else ""


def _window(visit: Visit, report: ReportSummary, metric: str) -> WindowPoint:
    estimate, others = estimate_of(report, metric), others_of(report, metric)
    return WindowPoint(
        label=span_name(report.start, report.end, visit.zone),
        tip="\n".join(_tip(visit, report, metric, estimate, others)),
        value=estimate.value if estimate else None,
        low=estimate.low if estimate else None,
        high=estimate.high if estimate else None,
        others={name: each.value for name, each in others.items()},
        alert=report.verdict is ReportVerdict.ALERT,
        drift=report.drift_share,
    )


def _tip(
    visit: Visit,
    report: ReportSummary,
    metric: str,
    found: Estimate | None,
    others: dict[str, Estimate],
) -> list[str]:
    lines = [f"{span_name(report.start, report.end, visit.zone)} · {report.model}"]
    if found:
        lines.append(f"{label_of(metric)} {number(found.value)} {interval(found)}")
    lines += [f"{name}: {number(each.value)}" for name, each in others.items()]
    drift = visit.text(
        "{drifted} of {compared} features drifted ({share})",
        drifted=len(report.drifted),
        compared=report.compared,
        share=percent(report.drift_share),
    )
    rows = visit.text(
        "{rows} rows, {outcomes} with outcome", rows=count(report.rows), outcomes=count(report.outcomes)
    )
    return [*lines, rows, drift, *map(visit.spoken, report.reasons[:4])]
