"""Causes of alerts over windows: persistence before they alert, hysteresis before they end."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

import msgspec

from meguru.monitoring.deciding.rules import Persistence, Recovery
from meguru.monitoring.types import AlertCause, CauseState, Finding, Severity
from meguru.monitoring.window import MonitoredWindow

CauseKey = tuple[str, str, str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class CauseCandidate:
    """A finding of the present window, by what it is of.

    `is_candidate` tells whether it would ring if it lasts, `at_once` whether it need not last.
    """

    finding: Finding
    strength: float | None
    is_candidate: bool
    at_once: bool

    @property
    def key(self) -> CauseKey:
        """What makes it the same in another window: all drift of one column is one, by whatever test."""
        what = self.finding.column or self.finding.check
        return (self.finding.severity.value, self.finding.model, what, self.finding.slice)


def update_causes(
    seen: Sequence[CauseCandidate],
    window: MonitoredWindow,
    judged: AbstractSet[Severity],
    persist: Persistence,
    recover: Recovery,
    may_alert: Callable[[AlertCause], bool],
) -> list[AlertCause]:
    """Return the causes of this window, by those of the windows before and what is seen now.

    It is a function of its arguments alone: whoever judges a window again, with what came late, gets the same
    from the same past.

    Parameters
    ----------
    seen
        Findings of this window, breached or not.
    window
        With the windows before, newest last.
    judged
        The severities of which an absent finding means that there is nothing; what rang and could not be
        judged rings on.
    persist, recover
        How long a finding must last, and how long it must be gone.
    may_alert
        Whether the monitor rings on such a thing at all: what it no longer rings on is over.
    """
    before = [{cause.key: cause for cause in past.causes} for past in window.past]
    last = {
        key: each
        for key, each in (before[-1].items() if before else ())
        if _is_of(each, window) and may_alert(each)
    }
    strongest = _strongest(seen)
    causes: list[AlertCause | None] = []
    for key, each in strongest.items():
        rang = last.get(key)
        if rang is not None and rang.state is CauseState.RINGING:
            causes.append(_continued(rang, each, recover))
        elif each.is_candidate:
            causes.append(_started(each, before, window, persist))
    for key, rang in last.items():
        if key not in strongest and rang.state is CauseState.RINGING:
            is_judged = rang.severity in judged
            causes.append(_continued(rang, None, recover) if is_judged else _unjudged(rang))
    return [cause for cause in causes if cause is not None]


def _is_of(cause: AlertCause, window: MonitoredWindow) -> bool:
    """Tell whether a cause is still of the model that answers: another one begins anew."""
    shadow = cause.severity is Severity.SHADOW_BETTER
    return shadow or not cause.model or not window.model or cause.model == window.model


def _strongest(seen: Sequence[CauseCandidate]) -> dict[CauseKey, CauseCandidate]:
    candidates: dict[CauseKey, CauseCandidate] = {}
    for each in seen:
        known = candidates.get(each.key)
        if known is None or _rank(each) > _rank(known):
            candidates[each.key] = each
    return candidates


def _rank(candidate: CauseCandidate) -> tuple[bool, bool, float]:
    return (
        candidate.is_candidate,
        candidate.at_once,
        float("inf") if candidate.strength is None else candidate.strength,
    )


def _started(
    seen: CauseCandidate,
    before: Sequence[Mapping[CauseKey, AlertCause]],
    window: MonitoredWindow,
    persist: Persistence,
) -> AlertCause:
    latest = before[-(persist.of - 1) :] if persist.of > 1 else []  # [-0:] would be all of them
    recent = [each[seen.key] for each in latest if seen.key in each and each[seen.key].seen]
    rings = seen.at_once or 1 + len(recent) >= persist.windows
    severity, model, what, part = seen.key
    return AlertCause(
        severity=Severity(severity),
        model=model,
        what=what,
        slice=part,
        state=CauseState.RINGING if rings else CauseState.PENDING,
        since=min((each.since for each in recent if each.since), default=window.start),
        strength=seen.strength,
    )


def _continued(rang: AlertCause, seen: CauseCandidate | None, recover: Recovery) -> AlertCause | None:
    """Return what rang in the window before as it is in this one; None if it is over."""
    if seen is not None and seen.is_candidate:
        return msgspec.structs.replace(rang, seen=True, strength=seen.strength, calm=0)
    # Hysteresis: it ends only well below the threshold, and after some calm windows in a row. Else what
    # hovers around the limit would open and end an alert every other window.
    if rang.strength is None:
        return None  # it had no number that could hover around a limit: it is gone
    strength = 0.0 if seen is None else seen.strength or 0.0
    calm = rang.calm + 1 if strength < recover.below else 0
    if calm >= recover.windows:
        return None
    return msgspec.structs.replace(rang, seen=False, strength=strength, calm=calm)


def _unjudged(rang: AlertCause) -> AlertCause:
    return msgspec.structs.replace(rang, seen=False)
