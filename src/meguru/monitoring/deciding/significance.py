"""How large a finding is, and whether chance alone would make as much among so many of them."""

from __future__ import annotations

from collections.abc import Sequence

from meguru.monitoring.types import Finding, Severity
from meguru.stats.drift.false_discovery import discoveries

DRIFT = frozenset({Severity.INPUT_DRIFT, Severity.PREDICTION_DRIFT})
"""What moves without harm: it rings only if it is more than chance, and more than a season."""
IMMEDIATE_STRENGTH = 2.0
IMMEDIATE_P_VALUE = 1e-5
"""What chance makes so rarely needs no second window: once in some 270 years of days."""


def more_than_chance(findings: Sequence[Finding], level: float) -> list[bool]:
    """Tell which drift findings are discoveries among all of a window.

    A finding that is no drift, or that has no p-value, stands as its check found it.

    Parameters
    ----------
    findings
        All of one window, breached or not: what was looked for and not found counts too.
    level
        Scalar, probability: of the drift that is told, so much is chance.

    Notes
    -----
    Benjamini and Hochberg's procedure over all columns and tests of the window. Tests of one column depend on
    each other in the way (positively) under which it still holds.

    References
    ----------
    Benjamini, Y., Yekutieli, D. (2001). The control of the false discovery rate in multiple testing under
    dependency. Annals of Statistics 29.
    """
    tested = [n for n, each in enumerate(findings) if each.severity in DRIFT and each.p_value is not None]
    found = discoveries([findings[n].p_value or 0.0 for n in tested], level)
    certain = [True] * len(findings)
    for n, is_found in zip(tested, found, strict=True):
        certain[n] = is_found
    return certain


def strength_of(finding: Finding) -> float | None:
    """Return a finding's effect as a multiple of what is worth an alarm; None where it has no numbers."""
    if finding.effect is None:
        return None if finding.breached else 0.0
    floor = finding.floor
    if floor is None and finding.threshold is not None and finding.statistic is not None:
        # The effect is the statistic less the noise, and so is what the threshold asks for.
        floor = finding.threshold - (finding.statistic - finding.effect) if finding.effect > 0 else None
    if floor is None or floor <= 0:
        return None if finding.breached else 0.0
    return finding.effect / floor


def alerts_immediately(finding: Finding, strength: float | None) -> bool:
    """Tell whether a finding needs no second window: it has no chance in it, or far more than enough."""
    if strength is None or strength >= IMMEDIATE_STRENGTH:
        return True
    if finding.severity in DRIFT or finding.p_value is None:
        return finding.severity not in MUST_PERSIST
    return finding.p_value <= IMMEDIATE_P_VALUE


MUST_PERSIST = frozenset(
    {
        *DRIFT,
        Severity.ESTIMATED_DROP,
        Severity.MISCALIBRATED,
        Severity.COST_RISE,
        Severity.SHADOW_BETTER,
    }
)
"""What explains more than it harms: it has to last, unless it is twice as large as is worth an alarm."""
