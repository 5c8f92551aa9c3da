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
    held = assess_findings(monitor, window, measured.found)
    drift = _drift(window, held)
    seen = [cause_candidate(monitor, each, drift.share) for each in held]
    persist, recover = (
        (_IMMEDIATE_PERSISTENCE, _IMMEDIATE_RECOVERY)
        if monitor.dataset
        else (monitor.persist, monitor.recover)
    )
    causes = update_causes(seen, window, measured.judged, persist, recover, partial(may_alert, monitor))
    findings = [each.finding for each in held]
    verdict = _verdict(window, measured, causes, held)
    waiting = pending_reasons(causes, findings, persist, recover)
    if verdict is ReportVerdict.ALERT:
        reasons = [*alert_reasons(causes, findings, drift), *waiting]
    elif verdict is ReportVerdict.OK:
        reasons = [*ok_reasons(findings, drift), *waiting]
    else:
        moved = [str(drift)] if drift.columns else []
        reasons = [*measured.unjudged, *estimate_reasons(findings), *season_reasons(held), *moved, *waiting]
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


def _drift(window: MonitoredWindow, held: list[AssessedFinding]) -> Drifted:
    there = (each.finding for each in held if each.is_significant)
    moved = (each.column for each in there if each.severity is Severity.INPUT_DRIFT)
    columns = dict.fromkeys(each for each in moved if each)  # what is of all columns together is of none
    compared = sum(each.severity is Severity.INPUT_DRIFT for each in window.columns)
    return Drifted(list(columns), compared)


def _verdict(
    window: MonitoredWindow, measured: CheckResults, causes: list[AlertCause], held: list[AssessedFinding]
) -> ReportVerdict:
    # "ok" is said only of what was judged: where a check that matters could not tell, it is "unknown".
    ringing = [each for each in causes if each.state is CauseState.RINGING]
    if any(each.seen or each.severity in measured.judged for each in ringing):
        return ReportVerdict.ALERT
    # What harms and has to last is not nothing; what rang and could not be judged is not over.
    harm = any(each.severity not in DRIFT for each in causes)
    perhaps = any(each.perhaps_season for each in held)
    if ringing or harm or perhaps or measured.unjudged or not window.rows:
        return ReportVerdict.UNKNOWN
    return ReportVerdict.OK
