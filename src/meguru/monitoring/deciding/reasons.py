"""A verdict's reasons in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from meguru.monitoring.deciding.assess import AssessedFinding
from meguru.monitoring.deciding.rules import Persistence, Recovery
from meguru.monitoring.types import AlertCause, CauseState, Finding, Severity

MAX_NAMED_COLUMNS = 5


class Drifted(NamedTuple):
    """The input columns that drifted, of how many."""

    columns: list[str]
    compared: int

    @property
    def share(self) -> float:
        """The share of the compared columns that drifted; 0 where there are none."""
        return len(self.columns) / self.compared if self.compared else 0.0

    def __str__(self) -> str:
        if not self.columns:
            return f"none of {self.compared} columns drifted"
        named = ", ".join(self.columns[:MAX_NAMED_COLUMNS]) + (
            ", …" if len(self.columns) > MAX_NAMED_COLUMNS else ""
        )
        return f"{len(self.columns)} of {self.compared} columns drifted ({named})"


def alert_reasons(causes: Sequence[AlertCause], findings: Sequence[Finding], drift: Drifted) -> list[str]:
    """Return one reason a cause that is there, and one for all input drift together; gravest first."""
    order = list(Severity)
    there = {cause.key for cause in causes if cause.seen and cause.state is CauseState.RINGING}
    said = [finding for finding in findings if finding.breached and _key(finding) in there]
    grave = sorted(
        (finding for finding in said if finding.severity is not Severity.INPUT_DRIFT),
        key=lambda each: order.index(each.severity),
    )
    reasons = [finding.says for finding in grave]
    moved = [finding for finding in said if finding.severity is Severity.INPUT_DRIFT]
    if moved:
        worst = max(moved, key=lambda each: (each.statistic or 0) / (each.threshold or 1))
        reasons.append(f"{drift}; most of all {worst.says}")
    return reasons


def pending_reasons(
    causes: Sequence[AlertCause], findings: Sequence[Finding], persist: Persistence, recover: Recovery
) -> list[str]:
    """Say what does not ring yet, and what rings no more but is not over yet."""
    said = []
    for cause in causes:
        finding = next((each for each in findings if _key(each) == cause.key and each.breached), None)
        since = f"{cause.since:%Y-%m-%d %H:%M} UTC" if cause.since else "before"
        if cause.state is CauseState.PENDING and finding is not None:
            said.append(f"it rings if it lasts, in {persist.windows} of {persist.of} windows: {finding.says}")
        elif cause.state is CauseState.RINGING and not cause.seen:
            ends = f"it is over after {recover.windows} calm windows, and {cause.calm} were"
            said.append(f"{cause.what}: {cause.severity.value} since {since}; {ends}")
    return said


def ok_reasons(findings: Sequence[Finding], drift: Drifted) -> list[str]:
    """Say how well it is."""
    said = [finding.says for finding in findings if finding.severity is Severity.PERFORMANCE_DROP]
    said = said or [finding.says for finding in findings if finding.severity is Severity.ESTIMATED_DROP]
    said += [finding.says for finding in findings if finding.severity is Severity.UNFAIR]
    said += [
        finding.says
        for finding in findings
        if finding.severity is Severity.SHADOW_BETTER and finding.breached
    ]
    return [*said, str(drift)] if drift.compared else said or ["nothing is beyond its threshold"]


def estimate_reasons(findings: Sequence[Finding]) -> list[str]:
    """Say what is expected where outcomes don't tell yet."""
    if any(finding.severity is Severity.PERFORMANCE_DROP for finding in findings):
        return []
    return [finding.says for finding in findings if finding.severity is Severity.ESTIMATED_DROP]


def season_reasons(findings: Sequence[AssessedFinding]) -> list[str]:
    """Say of what nobody knows yet whether it is a season."""
    found = [
        assessed_finding.finding.says for assessed_finding in findings if assessed_finding.perhaps_season
    ]
    return [f"it is not known yet whether this is a season: {each}" for each in found]


def _key(finding: Finding) -> tuple[str, str, str, str]:
    return (finding.severity.value, finding.model, finding.column or finding.check, finding.slice)
