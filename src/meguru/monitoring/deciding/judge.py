"""Come to a verdict about a window, with reasons in words."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from meguru.monitoring.deciding.causes import causes_now
from meguru.monitoring.deciding.holding import HeldFinding, hold, may_ring, seen_cause
from meguru.monitoring.deciding.measuring import Measurements, measure_window
from meguru.monitoring.deciding.reasons import (
    Drifted,
    calm_words,
    estimated_words,
    ringing_words,
    season_words,
    waiting_words,
)
from meguru.monitoring.deciding.rules import Persistence, Recovery
from meguru.monitoring.deciding.significance import DRIFT
from meguru.monitoring.measured import PerformanceTrend
from meguru.monitoring.types import AlertCause, CauseState, Finding, Monitor, ReportVerdict, Severity
from meguru.monitoring.window import MonitoredWindow

_AT_ONCE, _OVER_AT_ONCE = Persistence(windows=1, of=1), Recovery(windows=1)
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
    return decide(monitor, window, measure_window(monitor, window))


def decide(monitor: Monitor, window: MonitoredWindow, measured: Measurements) -> Judgement:
    """Come to a verdict from what the checks found; pure, like they are."""
    held = hold(monitor, window, measured.found)
    drift = _drift(window, held)
    seen = [seen_cause(monitor, each, drift.share) for each in held]
    persist, recover = (_AT_ONCE, _OVER_AT_ONCE) if monitor.dataset else (monitor.persist, monitor.recover)
    causes = causes_now(seen, window, measured.judged, persist, recover, partial(may_ring, monitor))
    findings = [each.finding for each in held]
    verdict = _verdict(window, measured, causes, held)
    waiting = waiting_words(causes, findings, persist, recover)
    if verdict is ReportVerdict.ALERT:
        reasons = [*ringing_words(causes, findings, drift), *waiting]
    elif verdict is ReportVerdict.OK:
        reasons = [*calm_words(findings, drift), *waiting]
    else:
        moved = [str(drift)] if drift.columns else []
        reasons = [*measured.unjudged, *estimated_words(findings), *season_words(held), *moved, *waiting]
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


def _drift(window: MonitoredWindow, held: list[HeldFinding]) -> Drifted:
    there = (each.finding for each in held if each.is_there)
    moved = (each.column for each in there if each.severity is Severity.INPUT_DRIFT)
    columns = dict.fromkeys(each for each in moved if each)  # what is of all columns together is of none
    compared = sum(each.severity is Severity.INPUT_DRIFT for each in window.columns)
    return Drifted(list(columns), compared)


def _verdict(
    window: MonitoredWindow, measured: Measurements, causes: list[AlertCause], held: list[HeldFinding]
) -> ReportVerdict:
    ringing = [each for each in causes if each.state is CauseState.RINGING]
    if any(each.seen or each.severity in measured.judged for each in ringing):
        return ReportVerdict.ALERT
    # What harms and has to last is not nothing; what rang and could not be judged is not over.
    harm = any(each.severity not in DRIFT for each in causes)
    perhaps = any(each.perhaps_season for each in held)
    if ringing or harm or perhaps or measured.unjudged or not window.rows:
        return ReportVerdict.UNKNOWN
    return ReportVerdict.OK
