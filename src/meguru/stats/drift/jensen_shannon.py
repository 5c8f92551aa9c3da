"""The Jensen-Shannon distance, to the base two."""

from __future__ import annotations

import math
from typing import ClassVar

import numpy.typing as npt

from meguru.stats.drift.counts import merge_rare, read_counts
from meguru.stats.drift.result import DriftResult, bonferroni_alpha, check_floor, conclude
from meguru.stats.drift.sample import CategoryCounts, TwoSides


def jensen_shannon_test(
    reference: npt.ArrayLike,
    current: npt.ArrayLike,
    *,
    alpha: float = 0.01,
    comparisons: int = 1,
    floor: float = 0.05,
) -> DriftResult:
    r"""Whether the Jensen-Shannon distance of two sets of counts is more than noise and a trifle.

    Parameters
    ----------
    reference, current
        Shape (bins,), counts over the same bins. Those that would expect fewer than five rows are merged.
    alpha, comparisons
        Scalars; the probability of any false alarm when nothing changed, over so many columns.
    floor
        Scalar, distance in [0, 1].

    Notes
    -----
    The square root of the divergence in bits, 0 for equal shares and 1 for nothing in common, as
    ``scipy.spatial.distance.jensenshannon(p, q, base=2)`` (to the natural base it is 0.8326 of it):

    .. math:: d = \sqrt{\tfrac12\sum_i p_i\log_2\frac{p_i}{m_i} + \tfrac12\sum_i q_i\log_2\frac{q_i}{m_i}},
              \quad m = \tfrac12(p+q)

    Without change :math:`d^2 \sim \frac{1/n + 1/m}{8\ln 2}\chi^2_{B-1}`. The effect is the distance less what
    chance makes of it, the root of that expectation.

    References
    ----------
    Lin, J. (1991). Divergence measures based on the Shannon entropy. IEEE Trans. Inf. Theory 37. Endres,
    D. M., Schindelin, J. E. (2003). A new metric for probability distributions. IEEE Trans. Inf. Theory 49.

    Examples
    --------
    >>> round(jensen_shannon_test([400, 300, 200, 100], [300, 300, 200, 200]).statistic, 4)
    0.132
    """
    from scipy.special import chdtrc, chdtri, rel_entr

    level, floor = bonferroni_alpha(alpha, comparisons), check_floor(floor)
    before, after = merge_rare(*read_counts(reference, current))
    n, m, degrees = float(before.sum()), float(after.sum()), before.size - 1
    p, q = before / n, after / m
    middle = (p + q) / 2
    # Of equal shares rounding may leave the divergence a little below 0, which has no root.
    bits = max(0.0, float(rel_entr(p, middle).sum() + rel_entr(q, middle).sum()) / 2 / math.log(2))
    scale = (1 / n + 1 / m) / (8 * math.log(2))
    chance = math.sqrt(degrees * scale)
    return conclude(
        math.sqrt(bits),
        critical=math.sqrt(scale * float(chdtri(degrees, level))) if degrees else 0.0,
        worth=floor + chance,
        effect=math.sqrt(bits) - chance,
        p_value=float(chdtrc(degrees, bits / scale)) if degrees else 1.0,
        sizes=(int(n), int(m)),
        bins=before.size,
    )


class JensenShannon:
    """The distance over categories, or over 32 bins of the reference's middle 99.9 % and two tails.

    See `jensen_shannon_test`.
    """

    key: ClassVar[str] = "jensen_shannon"
    label: ClassVar[str] = "Jensen-Shannon distance"
    numeric: ClassVar[bool] = True
    categorical: ClassVar[bool] = True
    floor: ClassVar[float] = 0.05

    def compare(self, sides: TwoSides, *, level: float = 0.01, floor: float | None = None) -> DriftResult:
        """Compare the counts of categories, or of bins; missing values are left out."""
        if isinstance(sides, CategoryCounts):
            counts = sides.reference, sides.current
        else:
            counts = sides.binned().coarse()
        return jensen_shannon_test(*counts, alpha=level, floor=self.floor if floor is None else floor)
