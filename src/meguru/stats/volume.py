"""Prediction bands of counts: a negative binomial fitted to earlier windows, for volume anomalies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class CountBand:
    """What earlier counts say of the next one: its mean, and how much more it varies than by chance alone.

    `excess` is the square of the relative standard deviation that is not Poisson's; 0 is Poisson.
    """

    mean: float
    excess: float

    def at_most(self, count: int) -> float:
        """Return the probability of so few."""
        from scipy.special import betainc, pdtr

        if self.mean <= 0:
            return 1.0
        if self.excess <= 0:
            return float(pdtr(count, self.mean))
        size = 1 / self.excess
        # The negative binomial's distribution function, with size 1 / excess and success probability size /
        # (size + mean).
        return float(betainc(size, count + 1, size / (size + self.mean)))

    def at_least(self, count: int) -> float:
        """Return the probability of so many."""
        from scipy.special import betainc, pdtrc

        if count <= 0:
            return 1.0
        if self.mean <= 0:
            return 0.0
        if self.excess <= 0:
            return float(pdtrc(count - 1, self.mean))
        size = 1 / self.excess
        return float(betainc(count, size, self.mean / (size + self.mean)))


def fit_count_band(counts: Sequence[int]) -> CountBand:
    r"""Return what earlier counts say of the next one.

    Parameters
    ----------
    counts
        Shape (k,), k at least 2: of earlier windows that are alike.

    Notes
    -----
    A negative binomial distribution with the mean :math:`\bar x` and, by moments, the excess
    :math:`\hat\delta = \max(0, (s^2 - \bar x)/\bar x^2)` over Poisson's variance. The mean of few windows
    is not sure either: the excess of the next count is :math:`\hat\delta (1 + 1/k) + 1/(k \bar x)`.

    References
    ----------
    Anscombe, F. J. (1950). Sampling theory of the negative binomial and logarithmic series distributions.
    Biometrika 37.

    Examples
    --------
    >>> band = fit_count_band([100, 90, 110, 105])
    >>> round(band.mean, 2), round(band.at_most(80), 4)
    (101.25, 0.0284)
    """
    k = len(counts)
    mean = sum(counts) / k
    if mean <= 0:
        return CountBand(mean=0.0, excess=0.0)
    # Unbiased (k - 1): the moment estimator subtracts Poisson's variance from it, and would be negative too
    # often with k.
    variance = sum((count - mean) ** 2 for count in counts) / (k - 1)
    excess = max(0.0, (variance - mean) / mean**2)
    return CountBand(mean=mean, excess=excess * (1 + 1 / k) + 1 / (k * mean))
