"""Metrics that are a smooth function of means over rows; intervals by the delta method."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Protocol, runtime_checkable

import numpy as np

from meguru.metrics.base import Resampler
from meguru.metrics.influence import Influence, InfluenceMetric, unknown
from meguru.metrics.rows import ScoredRows
from meguru.stats.arrays import Floats
from meguru.stats.intervals import Interval

_STEP = 1e-150


class SumMetric(InfluenceMetric, frozen=True, forbid_unknown_fields=True):
    r"""A smooth function *g* of the weighted means *m* of terms *t* of each row.

    Two such metrics of disjoint rows add up: their sums do.

    Notes
    -----
    The influence of row *i* is :math:`\nabla g(m) \cdot (t_i - m)`, the delta method. The gradient is taken
    by a step along the imaginary axis, exact to machine precision, so *g* has to be written in operations
    that take complex numbers: no ``abs``, no comparison.

    References
    ----------
    Squire, W., Trapp, G. (1998). Using complex variables to estimate derivatives of real functions. SIAM
    Review 40.
    """

    def terms(self, rows: ScoredRows) -> Floats:
        """Return the terms of each row, shape (n,) or (n, k)."""
        raise NotImplementedError

    def combine(self, means: Any) -> Any:
        """Return the value from the means of the terms, shape (k,); the mean itself by default."""
        return means[0]

    def value(self, rows: ScoredRows) -> float:
        """Return the metric of the rows."""
        if not self.has_evidence(rows):
            return float("nan")
        return float(self.combine(np.atleast_1d(rows.mean(self.terms(rows)))))

    def influence(self, rows: ScoredRows) -> Influence:
        """Return the value and each row's influence on it."""
        terms = self.terms(rows)
        means = np.atleast_1d(rows.mean(terms))
        slope = gradient(self.combine, means)
        if terms.ndim == 1:
            pull = terms - means[0]
            pull *= slope[0]
        else:
            pull = terms @ slope - means @ slope
        return Influence(float(self.combine(means)), pull, rows.weight, rows.block)

    def resampler(self, rows: ScoredRows) -> Resampler:
        """Return what gives the value when rows count more or less often; terms are made once."""
        terms = self.terms(rows)
        weighted = terms if rows.weight is None else (terms.T * rows.weight).T
        weight = np.ones(len(rows)) if rows.weight is None else rows.weight

        def value(counts: Floats) -> float:
            total = float(counts @ weight)
            return float(self.combine(np.atleast_1d(counts @ weighted) / total)) if total else float("nan")

        return value


def gradient(combine: Callable[[Any], Any], means: Floats) -> Floats:
    """Return how a function of means changes with each of them, shape (k,)."""
    # f(x + ih) = f(x) + ih f'(x) + O(h^2): no difference of near values is taken, so h may be so small that
    # h^2 vanishes.
    steps = means.astype(np.complex128) + 1j * _STEP * np.eye(len(means))
    return np.array([complex(combine(step)).imag / _STEP for step in steps])


@runtime_checkable
class AdditiveMetric(Protocol):
    """A metric that sums of terms tell wholly, so that those of disjoint rows add up to the metric of all."""

    def missing(self, rows: ScoredRows) -> str:
        """Return why such rows can't be measured; empty when they can."""
        ...

    def terms(self, rows: ScoredRows) -> Floats:
        """Return the terms of each row, shape (n,) or (n, k)."""
        ...

    def combine(self, means: Any) -> Any:
        """Return the value from the means of the terms, shape (k,)."""
        ...

    def within(self, value: float, spread: tuple[float, int], level: float, n: int, method: str) -> Interval:
        """Return the interval around a value with a standard error of so many units."""
        ...


def interval_of_sums(
    metric: AdditiveMetric, n: int, total: Floats, products: Floats, *, level: float = 0.95
) -> Interval:
    r"""Return a metric with its interval, of rows of which only sums are known.

    Parameters
    ----------
    metric
        Whose terms they are.
    n
        Scalar, count: how many rows.
    total
        Shape (k,): the sums of the terms.
    products
        Shape (k, k): the sums of the products of each two terms.
    level
        Scalar, probability in (0, 1).

    Notes
    -----
    With means *m* of the terms and their covariance *S* = (products / n) - m mᵀ, the variance of *g(m)* is
    :math:`\nabla g^\top S\,\nabla g / (n - 1)`: that of `SumMetric.influence`, without the rows.
    """
    if n < 1:
        return unknown(level, n)
    means = total / n
    slope = gradient(metric.combine, means)
    # By n, and n - 1 below: the same degree of freedom as with the rows at hand.
    variance = float(slope @ (products / n - np.outer(means, means)) @ slope)
    spread = math.sqrt(max(0.0, variance) / (n - 1)) if n > 1 else math.nan
    value = float(np.real(metric.combine(means)))
    return metric.within(value, (spread, n), level, n, "influence over sums")
