"""The population stability index."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import numpy.typing as npt

from meguru.stats.arrays import Floats
from meguru.stats.drift.counts import merge_rare, read_counts
from meguru.stats.drift.result import DriftResult, bonferroni_alpha, check_floor, conclude
from meguru.stats.drift.sample import CategoryCounts, TwoSides


def psi(reference: npt.ArrayLike, current: npt.ArrayLike) -> float:
    r"""The population stability index of two sets of counts over the same bins.

    Parameters
    ----------
    reference, current
        Shape (bins,), counts; usually over the ten deciles of the reference, or its categories.

    Returns
    -------
    float
        Zero or more; 0 means equal shares. It has no unit and no upper limit.

    Raises
    ------
    InvalidInput
        When the shapes differ, a count is negative, or a side is empty.

    Notes
    -----
    .. math:: \sum_{i=1}^{B} (q_i - p_i) \ln\frac{q_i}{p_i}

    with shares *p* of the reference and *q* of the current rows, each count raised by 1/2 so that an empty
    bin is finite. The number depends on the bins: compare only numbers over the same bins.

    References
    ----------
    Siddiqi, N. (2006). Credit Risk Scorecards. Wiley.

    Examples
    --------
    >>> round(psi([400, 300, 200, 100], [300, 300, 200, 200]), 3)
    0.098
    """
    before, after = read_counts(reference, current)
    p, q = _shares(before), _shares(after)
    return float(np.sum((q - p) * np.log(q / p)))


def psi_test(
    reference: npt.ArrayLike,
    current: npt.ArrayLike,
    *,
    alpha: float = 0.01,
    comparisons: int = 1,
    floor: float = 0.1,
) -> DriftResult:
    r"""Whether the population stability index is more than noise and more than a trifle.

    Parameters
    ----------
    reference, current
        Shape (bins,), counts over the same bins. Bins that would expect fewer than five rows are merged
        first, the rarest together, because the approximation fails there.
    alpha
        Scalar, probability; false alarms accepted over all `comparisons` when nothing changed.
    comparisons
        Scalar, count; the columns tested together (Bonferroni: each gets alpha / comparisons).
    floor
        Scalar, PSI; a change below it is not worth an alarm, however many rows prove it. 0.1 is Siddiqi's
        "minor".

    Notes
    -----
    Without change the index follows, for B bins, n reference rows and m current rows,

    .. math:: \mathrm{PSI} \sim \left(\tfrac1n + \tfrac1m\right)\chi^2_{B-1}

    so its noise grows with the bins and shrinks with the rows, and a fixed 0.1 or 0.25 cries wolf on small
    windows. The threshold is the greater of the noise's quantile and the floor above the expected noise:

    .. math:: \max\left(\left(\tfrac1n + \tfrac1m\right)\chi^2_{B-1}(1 - \alpha/c),\;
              f + \left(\tfrac1n + \tfrac1m\right)(B-1)\right)

    References
    ----------
    Yurdakul, B. (2018). Statistical Properties of Population Stability Index. Western Michigan University.
    Siddiqi, N. (2006). Credit Risk Scorecards. Wiley.
    """
    from scipy.special import chdtrc, chdtri

    level, floor = bonferroni_alpha(alpha, comparisons), check_floor(floor)
    # The logarithm of a share near 0 is large: a bin of few rows would make an index by itself.
    before, after = merge_rare(*read_counts(reference, current))
    n, m, degrees = float(before.sum()), float(after.sum()), before.size - 1
    statistic = psi(before, after)
    scale = 1 / n + 1 / m
    # The expectation of scale * chi-square.
    noise = scale * degrees
    return conclude(
        statistic,
        critical=scale * float(chdtri(degrees, level)) if degrees else 0.0,
        worth=floor + noise,
        effect=statistic - noise,
        p_value=float(chdtrc(degrees, statistic / scale)) if degrees else 1.0,
        sizes=(int(n), int(m)),
        bins=before.size,
    )


class PopulationStability:
    """The index over the reference's deciles, or over categories; missing values are a bin of their own.

    The effect is the index less its expectation by chance. See `psi` and `psi_test`.
    """

    key: ClassVar[str] = "psi"
    label: ClassVar[str] = "PSI"
    numeric: ClassVar[bool] = True
    categorical: ClassVar[bool] = True
    floor: ClassVar[float] = 0.1

    def compare(self, sides: TwoSides, *, level: float = 0.01, floor: float | None = None) -> DriftResult:
        """Compare the counts of deciles, or of categories."""
        counts = sides.with_nulls() if isinstance(sides, CategoryCounts) else sides.binned().deciles()
        return psi_test(*counts, alpha=level, floor=self.floor if floor is None else floor)


def _shares(counts: Floats) -> Floats:
    return (counts + 0.5) / (float(counts.sum()) + 0.5 * counts.size)
