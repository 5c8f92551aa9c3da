"""How much each column moved, window by window."""

from __future__ import annotations

from datetime import datetime

import msgspec

from meguru.base import refs
from meguru.base.paging import check_limit
from meguru.kernel.operations import Context, operation
from meguru.monitoring import store
from meguru.monitoring.types import Finding, Report, ReportVerdict, Severity

MAX_COLUMNS = 40
"""So many columns are told: those that moved most in any window."""
_SEVERITIES = frozenset({Severity.INPUT_DRIFT, Severity.PREDICTION_DRIFT, Severity.DATA_BREAK})


class ColumnMovement(msgspec.Struct, frozen=True, kw_only=True):
    """How much one column moved in a window, as a multiple of what is worth telling.

    `breached` tells whether a finding about it is beyond its threshold, `says` its words.
    """

    column: str
    strength: float
    breached: bool
    says: str


class WindowMovement(msgspec.Struct, frozen=True, kw_only=True):
    """What moved in one window, by its newest report."""

    report: str
    start: datetime
    end: datetime
    verdict: ReportVerdict
    columns: list[ColumnMovement]


@operation("monitor.drift", permission="monitor:read", query=True, on="name")
def drift_history(ctx: Context, *, name: str, limit: int = 60) -> list[WindowMovement]:
    """Tell how much each column moved in the newest windows of a monitor, the oldest first."""
    item = store.one(ctx.tx, refs.parse(name, kind="monitor").name)
    newest: dict[tuple[datetime, datetime], Report] = {}
    for report in store.reports(ctx.tx, item.name, check_limit(limit)):
        newest.setdefault((report.start, report.end), report)
    found = [_movement(newest[span]) for span in sorted(newest)]
    most: dict[str, float] = {}
    for window in found:
        for each in window.columns:
            most[each.column] = max(most.get(each.column, 0.0), each.strength)
    kept = set(sorted(most, key=lambda column: (-most[column], column))[:MAX_COLUMNS])
    return [
        msgspec.structs.replace(each, columns=[one for one in each.columns if one.column in kept])
        for each in found
    ]


def _movement(report: Report) -> WindowMovement:
    strongest: dict[str, ColumnMovement] = {}
    for each in report.findings:
        if each.column and not each.slice and each.severity in _SEVERITIES:
            made = ColumnMovement(
                column=each.column, strength=_strength(each), breached=each.breached, says=each.says
            )
            known = strongest.get(each.column)
            if known is None or (made.breached, made.strength) > (known.breached, known.strength):
                strongest[each.column] = made
    return WindowMovement(
        report=report.ref,
        start=report.start,
        end=report.end,
        verdict=report.verdict,
        columns=list(strongest.values()),
    )


def _strength(finding: Finding) -> float:
    """Return the effect by its floor, or the statistic by its threshold; 1 without numbers."""
    if finding.effect is not None and finding.floor:
        return round(max(0.0, finding.effect / finding.floor), 4)
    if finding.statistic is not None and finding.threshold:
        return round(abs(finding.statistic / finding.threshold), 4)
    return 1.0 if finding.breached else 0.0
