"""The chi-square test of homogeneity."""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np

from meguru.stats.arrays import Floats
from meguru.stats.drift.psi import merge_rare
from meguru.stats.two_sample.base import Sample, SampleComparison


class ChiSquare:
    """Whether two samples have the same shares of categories.

    Both sides are samples: the reference is not taken for the truth, which would ring nine times as often as
    promised. Categories that would expect fewer than five rows are merged first. The statistic is Pearson's,
    as ``scipy.stats.chi2_contingency(..., correction=False)`` of the 2 x k table; the effect is the total
    variation distance (the share of rows that are in another category), without what chance makes of it.

    References
    ----------
    Pearson, K. (1911). On the probability that two independent distributions of frequency are really samples
    from the same population. Biometrika 8. Cochran, W. G. (1954). Some methods for strengthening the common
    chi-square tests. Biometrics 10.
    """

    key: ClassVar[str] = "chi_square"
    numeric: ClassVar[bool] = False
    categorical: ClassVar[bool] = True
    floor: ClassVar[float] = 0.05

    def compare(self, sample: Sample) -> SampleComparison:
        """Compare two counts of the same categories."""
        from scipy.special import chdtrc

        before, after = merge_rare(sample.reference, sample.current)
        n, m = float(before.sum()), float(after.sum())
        degrees = before.size - 1
        effect = beyond_chance(sample.reference, sample.current)
        if not degrees:
            return SampleComparison(statistic=0.0, effect=effect, p_value=1.0)
        pooled = (before + after) / (n + m)
        statistic = float(
            np.sum((before - n * pooled) ** 2 / (n * pooled))
            + np.sum((after - m * pooled) ** 2 / (m * pooled))
        )
        return SampleComparison(statistic=statistic, effect=effect, p_value=float(chdtrc(degrees, statistic)))


def beyond_chance(before: Floats, after: Floats) -> float:
    r"""Return the total variation distance of two counts, less what it is expected to be by chance.

    By chance the difference of a share is nearly normal, with the mean :math:`\sqrt{2 v/\pi}` of its size,
    for the variance :math:`v = p(1-p)(1/n + 1/m)`.
    """
    n, m = float(before.sum()), float(after.sum())
    pooled = (before + after) / (n + m)
    chance = np.sqrt(2 / math.pi * pooled * (1 - pooled) * (1 / n + 1 / m)).sum() / 2
    return max(0.0, float(np.abs(before / n - after / m).sum() / 2 - chance))
