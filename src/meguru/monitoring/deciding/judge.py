"""Come to a verdict about a window, with reasons in words."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from meguru.monitoring.deciding.assess import AssessedFinding, assess_findings, cause_candidate, may_alert
from meguru.monitoring.deciding.causes import update_causes
from meguru.monitoring.deciding.reasons import (
    Drifted,
    alert_reasons,
    estimate_reasons,
    ok_reasons,
    pending_reasons,
    season_reasons,
)
from meguru.monitoring.deciding.rules import Persistence, Recovery
from meguru.monitoring.deciding.run_checks import CheckResults, run_checks
from meguru.monitoring.deciding.significance import DRIFT
from meguru.monitoring.measured import PerformanceTrend
from meguru.monitoring.types import AlertCause, CauseState, Finding, Monitor, ReportVerdict, Severity
from meguru.monitoring.window import MonitoredWindow

_IMMEDIATE_PERSISTENCE, _IMMEDIATE_RECOVERY = Persistence(windows=1, of=1), Recovery(windows=1)
"""Of versions of a dataset: each is compared with the one before, and no change lasts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What the checks found and what it comes to."""

    verdict: ReportVerdict
    reasons: list[str]
    findings: list[Finding]
    compared: int
    drifted: list[str]
    drift_share: float
    notes: list[str]
    causes: list[AlertCause]
    trend: PerformanceTrend | None


def judge(monitor: Monitor, window: MonitoredWindow) -> Judgement:
    """Run the checks; alert on what the monitor says is worth an alert, and what lasts."""
    return decide(monitor, window, run_checks(monitor, window))


def decide(monitor: Monitor, window: MonitoredWindow, measured: CheckResults) -> Judgement:
    """Come to a verdict from what the checks found; pure, like they are."""
    assessed_findings = assess_findings(monitor, window, measured.found)
    drift = _drift(window, assessed_findings)
    seen = [cause_candidate(monitor, finding, drift.share) for finding in assessed_findings]
    persist, recover = (
        (_IMMEDIATE_PERSISTENCE, _IMMEDIATE_RECOVERY)
        if monitor.dataset
        else (monitor.persist, monitor.recover)
    )
    causes = update_causes(seen, window, measured.judged, persist, recover, partial(may_alert, monitor))
    findings = [assessed_finding.finding for assessed_finding in assessed_findings]
    verdict = _verdict(window, measured, causes, assessed_findings)
    waiting = pending_reasons(causes, findings, persist, recover)
    if verdict is ReportVerdict.ALERT:
        reasons = [*alert_reasons(causes, findings, drift), *waiting]
    elif verdict is ReportVerdict.OK:
        reasons = [*ok_reasons(findings, drift), *waiting]
    else:
        moved = [str(drift)] if drift.columns else []
        reasons = [
            *measured.unjudged,
            *estimate_reasons(findings),
            *season_reasons(assessed_findings),
            *moved,
            *waiting,
        ]
    return Judgement(
        verdict=verdict,
        reasons=reasons or ["no row was answered in this window"],
        findings=findings,
        compared=drift.compared,
        drifted=drift.columns,
        drift_share=drift.share,
        notes=measured.notes,
        causes=causes,
        trend=measured.trend,
    )


def _drift(window: MonitoredWindow, findings: list[AssessedFinding]) -> Drifted:
    there = (assessed_finding.finding for assessed_finding in findings if assessed_finding.is_significant)
    moved = (finding.column for finding in there if finding.severity is Severity.INPUT_DRIFT)
    columns = dict.fromkeys(each for each in moved if each)  # what is of all columns together is of none
    compared = sum(column.severity is Severity.INPUT_DRIFT for column in window.columns)
    return Drifted(list(columns), compared)


def _verdict(
    window: MonitoredWindow, measured: CheckResults, causes: list[AlertCause], findings: list[AssessedFinding]
) -> ReportVerdict:
    # "ok" is said only of what was judged: where a check that matters could not tell, it is "unknown".
    ringing = [cause for cause in causes if cause.state is CauseState.RINGING]
    if any(cause.seen or cause.severity in measured.judged for cause in ringing):
        return ReportVerdict.ALERT
    # What harms and has to last is not nothing; what rang and could not be judged is not over.
    harm = any(cause.severity not in DRIFT for cause in causes)
    perhaps = any(finding.perhaps_season for finding in findings)
    if ringing or harm or perhaps or measured.unjudged or not window.rows:
        return ReportVerdict.UNKNOWN
    return ReportVerdict.OK
