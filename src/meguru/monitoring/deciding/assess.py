"""Assess findings: against chance (false discovery rate), earlier windows (seasons), and what may alert."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from meguru.monitoring.deciding.causes import CauseCandidate
from meguru.monitoring.deciding.run_checks import CheckFinding
from meguru.monitoring.deciding.seasons import compare_with_seasons, min_strength, unknown_seasons
from meguru.monitoring.deciding.significance import DRIFT, alerts_immediately, more_than_chance, strength_of
from meguru.monitoring.types import AlertCause, Finding, Monitor, Severity
from meguru.monitoring.window import MonitoredWindow


@dataclass(frozen=True, slots=True, kw_only=True)
class AssessedFinding:
    """A finding after it was compared with chance and with earlier windows.

    `is_certain` tells whether chance hardly makes it, `perhaps_season` whether it would ring for being
    important, and nobody knows yet whether it is a season.
    """

    finding: Finding
    is_certain: bool
    strength: float | None
    perhaps_season: bool = False

    @property
    def is_significant(self) -> bool:
        """Whether it stands: it is beyond its threshold, and more than chance."""
        return self.finding.breached and self.is_certain


def assess_findings(
    monitor: Monitor, window: MonitoredWindow, found: list[CheckFinding]
) -> list[AssessedFinding]:
    """Compare every finding of a window with chance, and drift also with earlier windows."""
    certain = more_than_chance(
        [check_finding.finding for check_finding in found], monitor.false_discovery_rate
    )
    return [_hold(monitor, window, each, certain=sure) for each, sure in zip(found, certain, strict=True)]


def cause_candidate(monitor: Monitor, assessed_finding: AssessedFinding, share: float) -> CauseCandidate:
    """Tell whether a finding alerts if it persists; `share` is that of the columns which drifted."""
    finding, enough = assessed_finding.finding, _share_of_enough(monitor, assessed_finding.finding, share)
    is_candidate = (
        assessed_finding.is_significant
        and finding.beyond_seasons is not False
        and not assessed_finding.perhaps_season
        and _alerts_on(monitor, finding.severity, finding.column)
        and enough >= 1
    )
    strength = assessed_finding.strength
    if enough < 1 and strength is not None:
        strength = min(strength, enough)
    return CauseCandidate(
        finding=finding,
        strength=strength,
        is_candidate=is_candidate,
        at_once=is_candidate and alerts_immediately(finding, assessed_finding.strength),
    )


def _hold(
    monitor: Monitor, window: MonitoredWindow, found: CheckFinding, *, certain: bool
) -> AssessedFinding:
    finding, strength = found.finding, strength_of(found.finding)
    # What harms is never excused by a season, and what is no drift need not be compared: it costs a query.
    if finding.severity not in DRIFT or not finding.breached or not certain or found.check is None:
        return AssessedFinding(finding=finding, is_certain=certain, strength=strength)
    # Nobody counts the columns of a dataset's earlier windows: the reference version is what is usual.
    seasons = [] if monitor.dataset else monitor.seasons
    findings = compare_with_seasons(finding, found.check, window, seasons)
    by_itself = finding.severity is Severity.INPUT_DRIFT and finding.column in monitor.important
    beyond = all(season_finding.finding.breached for season_finding in findings)
    perhaps = by_itself and beyond and bool(unknown_seasons(findings, seasons, window))
    if findings:
        words = "; ".join([finding.says, *(season_finding.words for season_finding in findings)])
        known = None if perhaps else beyond
        finding = msgspec.structs.replace(finding, says=words, beyond_seasons=known)
    return AssessedFinding(
        finding=finding, is_certain=certain, strength=min_strength(strength, findings), perhaps_season=perhaps
    )


def may_alert(monitor: Monitor, cause: AlertCause) -> bool:
    """Tell whether a monitor, as it is declared now, alerts on such a cause."""
    return _alerts_on(monitor, cause.severity, cause.what)


def _alerts_on(monitor: Monitor, severity: Severity, column: str) -> bool:
    if severity is Severity.INPUT_DRIFT and monitor.important:
        return column in monitor.important
    return severity in monitor.alert_on


def _share_of_enough(monitor: Monitor, finding: Finding, share: float) -> float:
    """Return the drifted columns as a multiple of those from which on drift rings; 1 where one is enough."""
    if finding.severity is not Severity.INPUT_DRIFT or monitor.important or not monitor.min_drift_share:
        return 1.0
    return share / monitor.min_drift_share
