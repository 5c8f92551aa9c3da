"""What every drift test answers, and how it decides."""

from __future__ import annotations

from dataclasses import dataclass

from meguru.errors import InvalidInput
from meguru.stats.arrays import as_level


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftResult:
    """One column's change, and whether it is more than noise and more than a trifle.

    `effect` is the statistic on a scale that people can judge, with the noise of this many rows taken off;
    each test says which. `p_value` says how often the statistic would be this large without any change.
    `drifted` is `statistic > threshold`: as much as to say that the p-value is below the level and the effect
    above the floor.
    """

    statistic: float
    threshold: float
    effect: float
    p_value: float
    drifted: bool
    n_reference: int
    n_current: int
    bins: int = 0


def conclude(
    statistic: float,
    *,
    critical: float,
    worth: float,
    effect: float,
    p_value: float,
    sizes: tuple[int, int],
    bins: int = 0,
) -> DriftResult:
    """Return the result of a test.

    Parameters
    ----------
    statistic
        Scalar; the greater it is, the more the sides differ.
    critical
        Scalar, in the statistic's unit: the quantile of its distribution without any change.
    worth
        Scalar, in the statistic's unit: the smallest change that is worth an alarm, beyond what chance makes.
    effect, p_value, sizes, bins
        As in `DriftResult`.
    """
    threshold = max(critical, worth)
    return DriftResult(
        statistic=statistic,
        threshold=threshold,
        effect=max(0.0, effect),
        p_value=p_value,
        drifted=statistic > threshold,
        n_reference=sizes[0],
        n_current=sizes[1],
        bins=bins,
    )


def bonferroni_alpha(alpha: float, comparisons: int) -> float:
    """Bonferroni's level of one test, when `comparisons` together may raise `alpha` false alarms."""
    if comparisons < 1:
        raise InvalidInput("comparisons must be at least 1", field="comparisons", why=f"it is {comparisons}")
    return as_level(alpha, "alpha") / comparisons


def check_floor(floor: float) -> float:
    """Refuse a negative effect floor."""
    if not floor >= 0:
        raise InvalidInput("floor must not be negative", field="floor", why=f"it is {floor:g}")
    return floor
