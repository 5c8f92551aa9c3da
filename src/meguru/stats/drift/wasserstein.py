"""The Wasserstein distance of order one."""

from __future__ import annotations

import math
from typing import ClassVar, NamedTuple

import numpy as np

from meguru.errors import InvalidInput
from meguru.stats.arrays import Floats
from meguru.stats.drift.result import DriftResult, check_floor, conclude
from meguru.stats.drift.sample import BinnedValues, CategoryCounts, SampledValues, TwoSides

_KNOTS = 64
"""The spread of the noise is integrated over so many points."""


class _Gaps(NamedTuple):
    """Where two distribution functions differ: the distance, and what its noise is made of.

    All lengths are parts of `size`, so that numbers of any size have finite squares. `shares`, shape (k,),
    are of both sides together that lie below a step; `steps`, shape (k,), how wide it is. `unit` is the
    standard deviation that the effect is told in.
    """

    size: float
    distance: float
    shares: Floats
    steps: Floats
    unit: float


class Wasserstein:
    r"""How far values have to be moved, on average, to make one side the other; in the unit of the column.

    .. math:: W = \int |F(x) - G(x)|\,dx

    Of values it is ``scipy.stats.wasserstein_distance``; over the bins of a baseline the values of a bin are
    spread evenly in it, and those beyond the baseline's extremes lie at them, so that it is a lower bound.
    The effect is in standard deviations of the reference (of both sides, if that is constant), less what
    chance makes of the distance. Without change

    .. math:: W \Big/ \sqrt{\tfrac1n + \tfrac1m} \to \int |B(F(x))|\,dx

    with the Brownian bridge *B*; the p-value is that of a gamma distribution with its mean
    :math:`\sqrt{2/\pi}\int\sqrt{F(1-F)}` and its variance.

    References
    ----------
    Vallender, S. S. (1974). Calculation of the Wasserstein distance between probability distributions on the
    line. Theory Probab. Appl. 18. del Barrio, E., Giné, E., Matrán, C. (1999). Central limit theorems for the
    Wasserstein distance between the empirical and the true distributions. Ann. Probab. 27.
    """

    key: ClassVar[str] = "wasserstein"
    label: ClassVar[str] = "Wasserstein distance"
    numeric: ClassVar[bool] = True
    categorical: ClassVar[bool] = False
    floor: ClassVar[float] = 0.1

    def compare(self, sides: TwoSides, *, level: float = 0.01, floor: float | None = None) -> DriftResult:
        """Compare two sides of numbers."""
        from scipy.special import gammaincc, gammainccinv

        if isinstance(sides, CategoryCounts):
            raise InvalidInput("there is no distance between categories", field="test", hint="chi_square")
        floor = check_floor(self.floor if floor is None else floor)
        gaps = _of_values(sides) if isinstance(sides, SampledValues) else _of_bins(sides)
        n, m = sides.sizes
        scale = math.sqrt(1 / n + 1 / m)
        mean, spread = (scale * each for each in _noise(gaps))
        if not mean or not gaps.unit:
            return conclude(0.0, critical=0.0, worth=0.0, effect=0.0, p_value=1.0, sizes=(n, m))
        # The limit is the integral of an absolute Gaussian process, which has no distribution in closed form:
        # a gamma with its mean and variance stands for it, as Satterthwaite's does for sums of squares.
        shape, width = (mean / spread) ** 2, spread**2 / mean
        return conclude(
            _times(gaps.size, gaps.distance),
            critical=_times(gaps.size, width * float(gammainccinv(shape, level))),
            worth=_times(gaps.size, mean + floor * gaps.unit),
            effect=(gaps.distance - mean) / gaps.unit,
            p_value=float(gammaincc(shape, gaps.distance / width)),
            sizes=(n, m),
        )


def _of_values(sides: SampledValues) -> _Gaps:
    before, after = sides.reference, sides.current
    values = np.sort(np.concatenate((before, after)), kind="stable")  # two runs: merged in one pass
    size = float(max(abs(values[0]), abs(values[-1]))) or 1.0
    steps = np.diff(values / size)
    below_before = np.searchsorted(before, values[:-1], side="right")
    below_after = np.searchsorted(after, values[:-1], side="right")
    distance = float(np.sum(np.abs(below_before / before.size - below_after / after.size) * steps))
    unit = float((before / size).std()) or float((values / size).std())
    shares = (below_before + below_after) / values.size
    return _Gaps(size, distance, shares, steps, unit)


def _of_bins(sides: BinnedValues) -> _Gaps:
    before, after = sides.fine()
    edges = _edges(sides, before.size - 1)
    size = float(np.abs(edges).max()) or 1.0
    edges = edges / size
    n, m = before.sum(), after.sum()
    below = np.cumsum(before)[:-1], np.cumsum(after)[:-1]
    steps = np.diff(edges)
    lead = np.concatenate(([0.0], below[0] / n - below[1] / m, [0.0]))
    left, right = lead[:-1], lead[1:]
    # Both functions are straight within a bin: the area between them is a trapezium, or two triangles.
    crossed = left * right < 0
    whole = (np.abs(left) + np.abs(right)) / 2
    parts = np.divide(left**2 + right**2, 2 * np.abs(left - right), out=whole.copy(), where=crossed)
    pooled = np.concatenate(([0.0], (below[0] + below[1]) / (n + m), [1.0]))
    middle = (pooled[:-1] + pooled[1:]) / 2
    # The effect is told in the reference's deviation; of a constant reference in that of both sides, else any
    # move would be infinite.
    known = (sides.profile.sd or 0.0) / size
    spread = known or _spread((before + after) / (n + m), edges)
    return _Gaps(size, float(np.sum(parts * steps)), middle, steps, spread)


def _edges(sides: BinnedValues, inner: int) -> Floats:
    """Return where the bins begin and end, the tails at the extremes of the baseline."""
    profile = sides.profile
    if inner == 2 or profile.minimum is None or profile.maximum is None or profile.high <= profile.low:
        return np.array([-1.0, 0.0, 0.0, 1.0])  # it was constant, and has no width: tails are one away
    cuts = np.linspace(profile.low, profile.high, inner)
    return np.concatenate(([min(profile.minimum, profile.low)], cuts, [max(profile.maximum, profile.high)]))


def _times(size: float, part: float) -> float:
    """Return a length in the unit of the column; the greatest number there is, if it is beyond that."""
    return min(size * part, float(np.finfo(np.float64).max))


def _spread(shares: Floats, edges: Floats) -> float:
    middles = (edges[:-1] + edges[1:]) / 2
    mean = float(np.sum(shares * middles))
    return math.sqrt(max(0.0, float(np.sum(shares * (middles - mean) ** 2))))


def _noise(gaps: _Gaps) -> tuple[float, float]:
    r"""Return the mean and the standard deviation of :math:`\int |B(F(x))|\,dx`.

    The covariance of two absolute normal values of correlation r is
    :math:`\frac{2}{\pi}(r\arcsin r + \sqrt{1-r^2} - 1)` times their deviations.
    """
    sizes = np.sqrt(gaps.shares * (1 - gaps.shares)) * gaps.steps
    mean = math.sqrt(2 / math.pi) * float(np.sum(sizes))
    if not mean:
        return 0.0, 0.0
    shares, weights = _knots(gaps.shares, sizes)
    low, high = np.minimum.outer(shares, shares), np.maximum.outer(shares, shares)
    # The correlation of a Brownian bridge at two times.
    r = np.sqrt(np.clip(low * (1 - high) / ((1 - low) * high), 0, 1))
    tied = 2 / math.pi * (r * np.arcsin(r) + np.sqrt(1 - r * r) - 1)
    return mean, math.sqrt(float(weights @ tied @ weights))


def _knots(shares: Floats, sizes: Floats) -> tuple[Floats, Floats]:
    """Take neighbouring steps together, so that each knot has about the same part of the noise."""
    part = np.cumsum(sizes)
    place = np.minimum((part - sizes / 2) / part[-1] * _KNOTS, _KNOTS - 1).astype(np.int64)
    weights = np.bincount(place, sizes, _KNOTS).astype(np.float64)
    middle = np.bincount(place, sizes * shares, _KNOTS).astype(np.float64)
    has = weights > 0
    return middle[has] / weights[has], weights[has]
