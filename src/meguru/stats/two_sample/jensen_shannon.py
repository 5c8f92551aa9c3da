"""The Jensen-Shannon distance, to the base two."""

from __future__ import annotations

import math
from typing import ClassVar

from meguru.stats.drift.psi import merge_rare
from meguru.stats.two_sample.base import Sample, SampleComparison
from meguru.stats.two_sample.bins import counted

BINS = 32
"""Numbers are counted in so many bins of the reference's middle 99.9 %, and two tails."""


class JensenShannon:
    r"""The square root of the Jensen-Shannon divergence in bits: 0 for equal shares, 1 for nothing in common.

    The effect is the distance less what chance makes of it, :math:`\sqrt{(k-1)(1/n+1/m)/(8\ln 2)}` with *k*
    bins. The p-value is that of the likelihood ratio (G) of the same counts.

    References
    ----------
    Lin, J. (1991). Divergence measures based on the Shannon entropy. IEEE Trans. Inf. Theory 37. Endres,
    D. M., Schindelin, J. E. (2003). A new metric for probability distributions. IEEE Trans. Inf. Theory 49.
    """

    key: ClassVar[str] = "jensen_shannon"
    numeric: ClassVar[bool] = True
    categorical: ClassVar[bool] = True
    floor: ClassVar[float] = 0.05

    def compare(self, sample: Sample) -> SampleComparison:
        """Compare the counts of categories, or of bins."""
        from scipy.special import chdtrc, rel_entr

        before, after = counted(sample, BINS)
        n, m = float(before.sum()), float(after.sum())
        p, q = before / n, after / m
        middle = (p + q) / 2
        bits = float(rel_entr(p, middle).sum() + rel_entr(q, middle).sum()) / 2 / math.log(2)
        distance = math.sqrt(max(0.0, bits))
        before, after = merge_rare(before, after)
        degrees = before.size - 1
        pooled = (before + after) / (n + m)
        ratio = 2 * float(rel_entr(before, n * pooled).sum() + rel_entr(after, m * pooled).sum())
        chance = math.sqrt(degrees * (1 / n + 1 / m) / (8 * math.log(2)))
        return SampleComparison(
            statistic=distance,
            effect=max(0.0, distance - chance),
            p_value=float(chdtrc(degrees, max(0.0, ratio))) if degrees else 1.0,
        )
