"""Put together what a report keeps as evidence, at the moment when it is made."""

from __future__ import annotations

from collections.abc import Sequence

from meguru.monitoring.evidence.bins import shown_bins
from meguru.monitoring.evidence.cause import explain, most_likely
from meguru.monitoring.evidence.series import JudgedSpan, all_series
from meguru.monitoring.evidence.types import ColumnEvidence, ReportEvidence
from meguru.monitoring.types import Finding, Severity
from meguru.monitoring.window import ComparedColumn, MonitoredWindow

MAX_COLUMNS = 60
"""The distributions of so many columns are kept: of those that rang, then of those that moved most."""
MAX_SENTENCES = 4


def gather_evidence(window: MonitoredWindow, findings: Sequence[Finding], span: JudgedSpan) -> ReportEvidence:
    """Return the evidence of a window; the same window gives the same evidence.

    Its size does not grow with the rows: up to 60 columns of up to 22 bins, and 6 series of 31 windows. Of
    personal columns it has how many rows have a value, and no bins: what these are called tells values.
    """
    gravest = by_gravity(findings)
    ringing = [each for each in gravest if each.breached]
    explanations = explain(window, findings)
    about: dict[str, list[Finding]] = {}
    for finding in gravest:
        about.setdefault(finding.column, []).append(finding)
    columns = sorted(window.columns, key=lambda each: _prominence(about.get(each.name, ())))
    return ReportEvidence(
        compared_with=window.compared_with,
        columns=[
            _column(column, about.get(column.name, ()), is_shown=column.name not in window.personal)
            for column in columns[:MAX_COLUMNS]
        ],
        series=all_series(window, ringing, span),
        explanations=explanations,
        likely=most_likely(explanations),
        left_out=max(0, len(columns) - MAX_COLUMNS),
    )


def by_gravity(findings: Sequence[Finding]) -> list[Finding]:
    """Return findings with what is breached first, of these the gravest, of these the largest effect."""
    order = list(Severity)
    return sorted(
        findings,
        key=lambda each: (
            not each.breached,
            order.index(each.severity),
            -_excess(each),
            each.column,
            each.check,
        ),
    )


def _excess(finding: Finding) -> float:
    """Return how far a statistic is beyond its threshold, as a multiple of it; comparable between checks."""
    if finding.statistic is None or not finding.threshold:
        return finding.effect or 0.0
    return abs(finding.statistic / finding.threshold)


def _prominence(mine: Sequence[Finding]) -> tuple[int, float]:
    order = list(Severity)
    grave = min((order.index(finding.severity) for finding in mine if finding.breached), default=len(order))
    return grave, -max(map(_excess, mine), default=0.0)


def _column(column: ComparedColumn, mine: Sequence[Finding], *, is_shown: bool) -> ColumnEvidence:
    """Return what is kept of a column; `mine` are the findings about it, gravest first."""
    then, now = column.then, column.now
    rows_then, rows_now = then.count + then.nulls, now.count + now.nulls
    return ColumnEvidence(
        column=column.name,
        severity=column.severity.value,
        ordered=column.ordered,
        rang=any(finding.breached for finding in mine),
        rows_then=rows_then,
        rows_now=rows_now,
        missing_then=round(then.nulls / max(rows_then, 1), 6),
        missing_now=round(now.nulls / max(rows_now, 1), 6),
        bins=shown_bins(column) if is_shown else [],
        findings=[finding.says for finding in mine[:MAX_SENTENCES]],
    )
