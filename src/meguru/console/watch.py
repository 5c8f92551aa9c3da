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
from meguru.monitoring.types import Estimate, ReportSummary, ReportVerdict, Role

REPORTS = 200
DRAWN = 60
SPARKED = 24


def reports_of(
    visit: Visit, endpoints: Sequence[str], *, limit: int = REPORTS
) -> dict[str, list[ReportSummary]]:
    """Return, of some endpoints, the newest report of each window that a monitor saw, oldest window first."""
    listed = show.list_reports(visit.ws, endpoints=list(endpoints), limit=limit)
    return {endpoint: _by_window(reports) for endpoint, reports in listed.items()}


def _by_window(reports: Sequence[ReportSummary]) -> list[ReportSummary]:
    found = {(each.monitor, each.start, each.end): each for each in reversed(reports)}
    return sorted(found.values(), key=lambda each: (each.start, each.end, each.monitor))


def draw(visit: Visit, reports: Sequence[ReportSummary], flags: Sequence[Flag]) -> Markup:
    """Draw the history of performance and drift; empty when nothing was evaluated yet."""
    if not reports:
        return Markup()
    words = Words(
        label=visit.text("AUC by window: the live model with its interval, and the models beside it"),
        drift=visit.text("drifted features, share"),
    )
    cut = max(0, len(reports) - DRAWN)
    shown = [_window(visit, each) for each in reports[cut:]]
    kept = [
        Flag(after=f.after - cut, good=f.good, text=f.text, tip=f.tip) for f in flags if f.after >= cut - 1
    ]
    return history(shown, kept, words)


def sparkline(visit: Visit, reports: Sequence[ReportSummary]) -> Markup:
    """Draw the live model's AUC of the last windows."""
    values = [auc.value if (auc := auc_of(each)) else None for each in reports]
    return spark(values[-SPARKED:], visit.text("AUC of the last windows"))


def auc_of(report: ReportSummary) -> Estimate | None:
    """Return the live model's AUC in a window; None while too few outcomes are known."""
    return report.live.auc if report.live else None


def others_of(report: ReportSummary) -> dict[str, Estimate]:
    """Return the AUC of the models that scored along, by reference."""
    return {
        each.model: each.auc
        for each in report.performance
        if each.role is Role.SHADOW and each.auc is not None
    }


def interval(estimate: Estimate | None) -> str:
    """Write an estimate's interval."""
    return f"[{number(estimate.low)}, {number(estimate.high)}]" if estimate else ""


def _window(visit: Visit, report: ReportSummary) -> WindowPoint:
    auc, others = auc_of(report), others_of(report)
    return WindowPoint(
        label=span_name(report.start, report.end, visit.zone),
        tip="\n".join(_tip(visit, report, auc, others)),
        value=auc.value if auc else None,
        low=auc.low if auc else None,
        high=auc.high if auc else None,
        others={name: each.value for name, each in others.items()},
        alert=report.verdict is ReportVerdict.ALERT,
        drift=report.drift_share,
    )


def _tip(visit: Visit, report: ReportSummary, auc: Estimate | None, others: dict[str, Estimate]) -> list[str]:
    lines = [f"{span_name(report.start, report.end, visit.zone)} · {report.model}"]
    if auc:
        lines.append(f"AUC {number(auc.value)} {interval(auc)}")
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
