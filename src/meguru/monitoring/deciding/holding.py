"""Hold what the checks found against chance, against earlier windows, and against what matters."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from meguru.monitoring.deciding.causes import SeenCause
from meguru.monitoring.deciding.measuring import FoundByCheck
from meguru.monitoring.deciding.seasons import against_seasons, unknown_seasons, weakest
from meguru.monitoring.deciding.significance import DRIFT, more_than_chance, rings_at_once, strength_of
from meguru.monitoring.types import Finding, Monitor, Severity
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
    finding = held.finding
    is_candidate = (
        held.is_there
        and finding.beyond_seasons is not False
        and not held.perhaps_season
        and _is_worth_an_alarm(monitor, finding, share)
    )
    return SeenCause(
        finding=finding,
        strength=held.strength,
        is_candidate=is_candidate,
        at_once=is_candidate and rings_at_once(finding, held.strength),
    )


def _hold(monitor: Monitor, window: MonitoredWindow, found: FoundByCheck, *, certain: bool) -> HeldFinding:
    finding, strength = found.finding, strength_of(found.finding)
    if finding.severity not in DRIFT or not finding.breached or not certain or found.check is None:
        return HeldFinding(finding=finding, is_certain=certain, strength=strength)
    said = against_seasons(finding, found.check, window, monitor.seasons)
    by_itself = finding.severity is Severity.INPUT_DRIFT and finding.column in monitor.important
    beyond = all(each.finding.breached for each in said)
    perhaps = by_itself and beyond and bool(unknown_seasons(said, monitor.seasons, window))
    if said:
        words = "; ".join([finding.says, *(each.words for each in said)])
        known = None if perhaps else beyond
        finding = msgspec.structs.replace(finding, says=words, beyond_seasons=known)
    return HeldFinding(
        finding=finding, is_certain=certain, strength=weakest(strength, said), perhaps_season=perhaps
    )


def _is_worth_an_alarm(monitor: Monitor, finding: Finding, share: float) -> bool:
    if finding.severity is not Severity.INPUT_DRIFT:
        return finding.severity in monitor.alert_on
    if monitor.important:
        return finding.column in monitor.important
    return Severity.INPUT_DRIFT in monitor.alert_on and share >= monitor.min_drift_share
