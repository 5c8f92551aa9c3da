"""Hold what the checks found against chance, against earlier windows, and against what matters."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from meguru.monitoring.deciding.causes import SeenCause
from meguru.monitoring.deciding.measuring import FoundByCheck
from meguru.monitoring.deciding.seasons import against_seasons, unknown_seasons, weakest
from meguru.monitoring.deciding.significance import DRIFT, more_than_chance, rings_at_once, strength_of
from meguru.monitoring.types import AlertCause, Finding, Monitor, Severity
from meguru.monitoring.window import MonitoredWindow


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldFinding:
    """A finding after it was held against chance and against earlier windows.

    `is_certain` tells whether chance hardly makes it, `perhaps_season` whether it would ring for being
    important, and nobody knows yet whether it is a season.
    """

    finding: Finding
    is_certain: bool
    strength: float | None
    perhaps_season: bool = False

    @property
    def is_there(self) -> bool:
        """Whether it stands: it is beyond its threshold, and more than chance."""
        return self.finding.breached and self.is_certain


def hold(monitor: Monitor, window: MonitoredWindow, found: list[FoundByCheck]) -> list[HeldFinding]:
    """Hold every finding of a window."""
    certain = more_than_chance([each.finding for each in found], monitor.false_discovery_rate)
    return [_hold(monitor, window, each, certain=sure) for each, sure in zip(found, certain, strict=True)]


def seen_cause(monitor: Monitor, held: HeldFinding, share: float) -> SeenCause:
    """Tell whether a finding rings if it lasts; `share` is that of the columns which drifted."""
    finding, enough = held.finding, _share_of_enough(monitor, held.finding, share)
    is_candidate = (
        held.is_there
        and finding.beyond_seasons is not False
        and not held.perhaps_season
        and _rings_on(monitor, finding.severity, finding.column)
        and enough >= 1
    )
    strength = held.strength
    if enough < 1 and strength is not None:
        strength = min(strength, enough)
    return SeenCause(
        finding=finding,
        strength=strength,
        is_candidate=is_candidate,
        at_once=is_candidate and rings_at_once(finding, held.strength),
    )


def _hold(monitor: Monitor, window: MonitoredWindow, found: FoundByCheck, *, certain: bool) -> HeldFinding:
    finding, strength = found.finding, strength_of(found.finding)
    if finding.severity not in DRIFT or not finding.breached or not certain or found.check is None:
        return HeldFinding(finding=finding, is_certain=certain, strength=strength)
    # Nobody counts the columns of a dataset's earlier windows: the reference version is what is usual.
    seasons = [] if monitor.dataset else monitor.seasons
    said = against_seasons(finding, found.check, window, seasons)
    by_itself = finding.severity is Severity.INPUT_DRIFT and finding.column in monitor.important
    beyond = all(each.finding.breached for each in said)
    perhaps = by_itself and beyond and bool(unknown_seasons(said, seasons, window))
    if said:
        words = "; ".join([finding.says, *(each.words for each in said)])
        known = None if perhaps else beyond
        finding = msgspec.structs.replace(finding, says=words, beyond_seasons=known)
    return HeldFinding(
        finding=finding, is_certain=certain, strength=weakest(strength, said), perhaps_season=perhaps
    )


def may_ring(monitor: Monitor, cause: AlertCause) -> bool:
    """Tell whether a monitor, as it is declared now, rings on such a thing."""
    return _rings_on(monitor, cause.severity, cause.what)


def _rings_on(monitor: Monitor, severity: Severity, column: str) -> bool:
    if severity is Severity.INPUT_DRIFT and monitor.important:
        return column in monitor.important
    return severity in monitor.alert_on


def _share_of_enough(monitor: Monitor, finding: Finding, share: float) -> float:
    """Return the drifted columns as a multiple of those from which on drift rings; 1 where one is enough."""
    if finding.severity is not Severity.INPUT_DRIFT or monitor.important or not monitor.min_drift_share:
        return 1.0
    return share / monitor.min_drift_share
