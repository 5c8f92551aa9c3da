"""The chi-square test of homogeneity."""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from meguru.errors import InvalidInput
from meguru.stats.drift.counts import merge_rare, read_counts
from meguru.stats.drift.result import DriftResult, bonferroni_alpha, check_floor, conclude
from meguru.stats.drift.sample import CategoryCounts, TwoSides


def chi_square_test(
    reference: npt.ArrayLike,
    current: npt.ArrayLike,
    *,
    alpha: float = 0.01,
    comparisons: int = 1,
    floor: float = 0.1,
) -> DriftResult:
    r"""Whether two sets of counts have the same shares, but for noise and a trifle.

    Parameters
    ----------
    reference, current
        Shape (categories,), counts of the same categories. Those that would expect fewer than five rows are
        merged first.
    alpha, comparisons
        Scalars; the probability of any false alarm when nothing changed, over so many columns.
    floor
        Scalar, Cohen's w; 0.1 is his "small", 0.3 "medium", 0.5 "large".

    Notes
    -----
    Pearson's statistic of the 2 x k table, as ``scipy.stats.chi2_contingency(..., correction=False)``:

    .. math:: X^2 = \sum_i \frac{(a_i - n\bar p_i)^2}{n\bar p_i} + \frac{(b_i - m\bar p_i)^2}{m\bar p_i}

    Both sides are samples: a reference that is taken for the truth rings nine times as often as promised.
    The effect is :math:`w = \sqrt{(X^2 - (k-1))(1/n + 1/m)}`, since chance makes k - 1 of it.

    References
    ----------
    Pearson, K. (1911). On the probability that two independent distributions of frequency are really samples
    from the same population. Biometrika 8. Cohen, J. (1988). Statistical Power Analysis for the Behavioral
    Sciences. Erlbaum.

    Examples
    --------
    >>> found = chi_square_test([400, 300, 200, 100], [300, 300, 200, 200])
    >>> round(found.statistic, 3), round(found.effect, 3), found.drifted
    (47.619, 0.299, True)
    """
    from scipy.special import chdtrc, chdtri

    level, floor = bonferroni_alpha(alpha, comparisons), check_floor(floor)
    before, after = merge_rare(*read_counts(reference, current))
    n, m, degrees = float(before.sum()), float(after.sum()), before.size - 1
    pooled = (before + after) / (n + m)
    pulls = (before - n * pooled) ** 2 / (n * pooled) + (after - m * pooled) ** 2 / (m * pooled)
    # With all bins merged into one nothing is left to compare, and chdtri is NaN.
    statistic = float(np.sum(pulls)) if degrees else 0.0
    scale = 1 / n + 1 / m
    return conclude(
        statistic,
        critical=float(chdtri(degrees, level)) if degrees else 0.0,
        worth=degrees + floor**2 / scale,
        effect=math.sqrt(max(0.0, statistic - degrees) * scale),
        p_value=float(chdtrc(degrees, statistic)) if degrees else 1.0,
        sizes=(int(n), int(m)),
        bins=before.size,
    )


class ChiSquare:
    """Whether two samples have the same shares of categories; the effect is Cohen's w beyond chance.

    See `chi_square_test`.
    """

    key: ClassVar[str] = "chi_square"
    label: ClassVar[str] = "chi-square"
    numeric: ClassVar[bool] = False
    categorical: ClassVar[bool] = True
    floor: ClassVar[float] = 0.1

    def compare(self, sides: TwoSides, *, level: float = 0.01, floor: float | None = None) -> DriftResult:
        """Compare the counts of categories; missing values are left out."""
        if not isinstance(sides, CategoryCounts):
            raise InvalidInput("numbers are no categories", field="test", hint="ks")
        worth = self.floor if floor is None else floor
        return chi_square_test(sides.reference, sides.current, alpha=level, floor=worth)
