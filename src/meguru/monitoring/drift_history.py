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
    movements = [_movement(newest[span]) for span in sorted(newest)]
    most: dict[str, float] = {}
    for window in movements:
        for movement in window.columns:
            most[movement.column] = max(most.get(movement.column, 0.0), movement.strength)
    kept = set(sorted(most, key=lambda column: (-most[column], column))[:MAX_COLUMNS])
    return [
        msgspec.structs.replace(
            window_movement,
            columns=[
                column_movement
                for column_movement in window_movement.columns
                if column_movement.column in kept
            ],
        )
        for window_movement in movements
    ]


def _movement(report: Report) -> WindowMovement:
    strongest: dict[str, ColumnMovement] = {}
    for finding in report.findings:
        if finding.column and not finding.slice and finding.severity in _SEVERITIES:
            made = ColumnMovement(
                column=finding.column,
                strength=_strength(finding),
                breached=finding.breached,
                says=finding.says,
            )
            known = strongest.get(finding.column)
            if known is None or (made.breached, made.strength) > (known.breached, known.strength):
                strongest[finding.column] = made
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
