"""The Kolmogorov-Smirnov distance."""

from __future__ import annotations

import math
import warnings
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from meguru.errors import InvalidInput
from meguru.stats.arrays import Floats, as_floats
from meguru.stats.drift.counts import read_counts
from meguru.stats.drift.result import DriftResult, bonferroni_alpha, check_floor, conclude
from meguru.stats.drift.sample import CategoryCounts, SampledValues, TwoSides

EXACT = 10_000
"""Up to so many values a side the p-value of values is exact, as SciPy's."""


def ks_distance(reference: npt.ArrayLike, current: npt.ArrayLike) -> float:
    """The greatest distance of two cumulative shares, from counts over the same ordered bins.

    Parameters
    ----------
    reference, current
        Shape (bins,), counts; bins in ascending order of what they hold.

    Returns
    -------
    float
        In [0, 1]. Never more than the distance of the values themselves, and less by at most the share of the
        fullest bin.

    Examples
    --------
    >>> round(ks_distance([5, 3, 2], [2, 3, 5]), 9)
    0.3
    """
    before, after = read_counts(reference, current)
    return float(np.max(np.abs(_cumulative(before) - _cumulative(after))))


def ks_distance_of_values(reference: npt.ArrayLike, current: npt.ArrayLike) -> float:
    """The greatest distance of two empirical distribution functions, exactly; O((n + m) log n).

    Parameters
    ----------
    reference, current
        Shapes (n,) and (m,), finite, any common unit, in any order.
    """
    before, after = np.sort(as_floats(reference, "reference")), np.sort(as_floats(current, "current"))
    if not before.size or not after.size:
        raise InvalidInput(
            "both sides need at least one value", field="current" if before.size else "reference"
        )
    return _distance(before, after)


def ks_test(
    reference: npt.ArrayLike,
    current: npt.ArrayLike,
    *,
    alpha: float = 0.01,
    comparisons: int = 1,
    floor: float = 0.05,
) -> DriftResult:
    r"""Whether the distance of two sets of counts is more than noise and more than a trifle.

    Parameters
    ----------
    reference, current
        Shape (bins,), counts over the same ordered bins.
    alpha
        Scalar, probability; false alarms accepted over all `comparisons` when nothing changed.
    comparisons
        Scalar, count; the columns tested together (Bonferroni: each gets alpha / comparisons).
    floor
        Scalar, distance in [0, 1]; a change below it is not worth an alarm, however many rows prove it.

    Notes
    -----
    Without change, :math:`D / \sqrt{1/n + 1/m}` follows Kolmogorov's distribution *K*. The threshold is

    .. math:: \max\left(u\,K^{-1}(1 - \alpha/c),\; f + u\,K^{-1}(0.95)\right), \quad u = \sqrt{1/n + 1/m}

    with floor *f* and *c* comparisons. A p-value guards small windows, and the floor above the noise (1.36
    standard units) guards large ones, where every p-value is small. Ties within a bin make the test rarer to
    ring, never likelier.

    References
    ----------
    Smirnov, N. (1948). Table for estimating the goodness of fit of empirical distributions. Ann. Math.
    Stat. 19.
    """
    before, after = read_counts(reference, current)
    sizes = int(before.sum()), int(after.sum())
    return _decide(
        ks_distance(before, after),
        None,
        sizes,
        level=bonferroni_alpha(alpha, comparisons),
        floor=check_floor(floor),
        bins=before.size,
    )


class KolmogorovSmirnov:
    """The greatest distance of two distribution functions: of the values, or over the baseline's bins.

    The effect is the distance beyond its 95 % noise: a share of rows, in [0, 1]. Of values the statistic and
    the p-value are those of ``scipy.stats.ks_2samp``. With many equal values the test rings more rarely than
    its level says, never more often.

    References
    ----------
    Smirnov, N. (1948). Table for estimating the goodness of fit of empirical distributions. Ann. Math. Stat.
    19. Hodges, J. L. (1958). The significance probability of the Smirnov two-sample test. Ark. Mat. 3.
    """

    key: ClassVar[str] = "ks"
    label: ClassVar[str] = "KS distance"
    numeric: ClassVar[bool] = True
    categorical: ClassVar[bool] = False
    floor: ClassVar[float] = 0.05

    def compare(self, sides: TwoSides, *, level: float = 0.01, floor: float | None = None) -> DriftResult:
        """Compare two sides of numbers; O(n + m) of values, O(bins) of counts."""
        if isinstance(sides, CategoryCounts):
            raise InvalidInput("categories have no order to compare by", field="test", hint="chi_square")
        worth = check_floor(self.floor if floor is None else floor)
        if isinstance(sides, SampledValues):
            distance, p_value = _of_values(sides)
            return _decide(distance, p_value, sides.sizes, level=level, floor=worth)
        return ks_test(*sides.fine(), alpha=level, floor=worth)


def _of_values(sides: SampledValues) -> tuple[float, float]:
    from scipy import stats

    n, m = sides.sizes
    # Beyond this SciPy's exact count takes the limit as well; here it is reached without sorting the values
    # again.
    if max(n, m) > EXACT:
        distance = _distance(sides.reference, sides.current)
        return distance, float(np.clip(stats.kstwo.sf(distance, np.round(n * m / (n + m))), 0, 1))
    with warnings.catch_warnings():  # where the exact count is out of reach it takes the limit, and warns
        warnings.simplefilter("ignore", RuntimeWarning)
        found = stats.ks_2samp(sides.reference, sides.current)
    return float(found.statistic), float(found.pvalue)


def _distance(before: Floats, after: Floats) -> float:
    """Return the greatest distance of two sorted samples, by one search.

    Going up, the reference's function is furthest ahead where it has just stepped, and furthest behind just
    before it steps.
    """
    # Only at the last of equal values: in the middle of a step the empirical function has not finished
    # rising.
    ends = np.flatnonzero(np.append(before[1:] != before[:-1], True))
    steps = before[ends]
    ahead = (ends + 1) / before.size
    behind = np.concatenate(([0.0], ahead[:-1]))
    below = np.searchsorted(after, steps, side="right")
    less = below.copy()
    # A second search only where both samples share a value; of measurements that is hardly ever.
    equal = np.flatnonzero((below > 0) & (after[np.maximum(below, 1) - 1] == steps))
    less[equal] = np.searchsorted(after, steps[equal], side="left")
    return float(max(0.0, np.max(ahead - below / after.size), np.max(less / after.size - behind)))


def _decide(
    distance: float,
    p_value: float | None,
    sizes: tuple[int, int],
    *,
    level: float,
    floor: float,
    bins: int = 0,
) -> DriftResult:
    from scipy.special import kolmogi, kolmogorov

    unit = math.sqrt(1 / sizes[0] + 1 / sizes[1])
    noise = unit * float(kolmogi(0.05))
    return conclude(
        distance,
        critical=unit * float(kolmogi(level)),
        worth=floor + noise,
        effect=distance - noise,
        p_value=float(kolmogorov(distance / unit)) if p_value is None else p_value,
        sizes=sizes,
        bins=bins,
    )


def _cumulative(counts: Floats) -> Floats:
    return np.cumsum(counts) / float(counts.sum())
