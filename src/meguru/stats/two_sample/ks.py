"""The Kolmogorov-Smirnov test of two samples."""

from __future__ import annotations

import math
import warnings
from typing import ClassVar

import numpy as np

from meguru.stats.two_sample.base import Sample, SampleComparison

EXACT = 10_000
"""Up to so many rows a side the p-value is exact, as SciPy's."""
NOISE = 1.3581
"""The 95 % quantile of Kolmogorov's distribution."""


class KolmogorovSmirnov:
    """The greatest distance of two empirical distribution functions.

    The effect is the distance beyond its 95 % noise: a share of rows, in [0, 1]. With many equal values the
    test rings more rarely than its level says, never more often.

    References
    ----------
    Smirnov, N. (1948). Table for estimating the goodness of fit of empirical distributions. Ann. Math. Stat.
    19. Hodges, J. L. (1958). The significance probability of the Smirnov two-sample test. Ark. Mat. 3.
    """

    key: ClassVar[str] = "ks"
    numeric: ClassVar[bool] = True
    categorical: ClassVar[bool] = False
    floor: ClassVar[float] = 0.05

    def compare(self, sample: Sample) -> SampleComparison:
        """Compare two sorted samples of numbers; O(n + m) after the sort."""
        from scipy import stats

        n, m = sample.reference.size, sample.current.size
        if max(n, m) <= EXACT:
            with (
                warnings.catch_warnings()
            ):  # where the exact count is out of reach it takes the limit, and warns
                warnings.simplefilter("ignore", RuntimeWarning)
                found = stats.ks_2samp(sample.reference, sample.current)
            distance, p_value = float(found.statistic), float(found.pvalue)
        else:
            distance = _distance(sample)
            p_value = float(np.clip(stats.kstwo.sf(distance, np.round(n * m / (n + m))), 0, 1))
        noise = NOISE * math.sqrt(1 / n + 1 / m)
        return SampleComparison(statistic=distance, effect=max(0.0, distance - noise), p_value=p_value)


def _distance(sample: Sample) -> float:
    # Both functions step at values of either sample: it is enough to look just behind those of each.
    before, after = sample.reference, sample.current
    gaps = (
        np.abs(
            np.searchsorted(before, values, side="right") / before.size
            - np.searchsorted(after, values, side="right") / after.size
        ).max()
        for values in (before, after)
    )
    return float(max(gaps))
