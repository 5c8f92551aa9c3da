"""DeLong's interval of an AUC, and of the difference of two on the same rows."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from meguru.stats.arrays import Bools, Floats, as_floats, as_labels, as_level, same_length
from meguru.stats.auc import tie_starts
from meguru.stats.intervals import Interval, normal_quantile


def delong_auc(labels: npt.ArrayLike, scores: npt.ArrayLike, level: float = 0.95) -> Interval:
    r"""The AUC with its DeLong interval.

    Parameters
    ----------
    labels
        Shape (n,), 0 or 1.
    scores
        Shape (n,), any unit; ties count one half.
    level
        Scalar, probability in (0, 1).

    Returns
    -------
    Interval
        Clipped to [0, 1]; NaN when either class has fewer than two rows.

    Notes
    -----
    With :math:`V_{10}` (one entry a positive) and :math:`V_{01}` (one entry a negative) from midranks,

    .. math:: \widehat{\mathrm{var}}(\hat\theta) = \frac{S_{10}}{m} + \frac{S_{01}}{n}

    and the interval is :math:`\hat\theta \pm z\,\hat\sigma`. O(n log n) by three sorts. It is an interval
    of large samples: below about 50 rows of a class, or with an AUC near 1 (variance 0 at 1), prefer the
    bootstrap.

    References
    ----------
    DeLong, DeLong, Clarke-Pearson (1988). Comparing the areas under two or more correlated ROC curves.
    Biometrics 44.
    Sun, X., Xu, W. (2014). Fast implementation of DeLong's algorithm. IEEE Signal Processing Letters 21.
    """
    truth = as_labels(labels)
    estimate, spread = _estimate(truth, (as_floats(scores, "scores"),), np.array([1.0]))
    return _interval(estimate, spread, as_level(level), truth.size, (0.0, 1.0))


def delong_difference(
    labels: npt.ArrayLike, first: npt.ArrayLike, second: npt.ArrayLike, level: float = 0.95
) -> Interval:
    """The AUC of the first scores minus that of the second, on the same rows, with its DeLong interval.

    Parameters
    ----------
    labels
        Shape (n,), 0 or 1.
    first, second
        Shape (n,), any unit, need not be the same unit.
    level
        Scalar, probability in (0, 1).

    Returns
    -------
    Interval
        In [-1, 1]; above zero means that the first ranks better. NaN when either class has fewer than two
        rows.
    """
    truth = as_labels(labels)
    both = (as_floats(first, "first"), as_floats(second, "second"))
    estimate, spread = _estimate(truth, both, np.array([1.0, -1.0]))
    return _interval(estimate, spread, as_level(level), truth.size, (-1.0, 1.0))


def auc_covariance(labels: npt.ArrayLike, *scores: npt.ArrayLike) -> tuple[Floats, Floats]:
    """The AUCs of k scores on the same rows, shape (k,), and their DeLong covariance, shape (k, k)."""
    return _covariance(as_labels(labels), tuple(as_floats(score, "scores") for score in scores))


def _covariance(truth: Bools, scores: tuple[Floats, ...]) -> tuple[Floats, Floats]:
    k = len(scores)
    for each in scores:
        same_length(truth, each, "labels and scores")
    m = int(np.count_nonzero(truth))
    n = truth.size - m
    if m < 2 or n < 2:
        return np.full(k, math.nan), np.full((k, k), math.nan)
    v10, v01 = np.empty((k, m)), np.empty((k, n))
    for row, each in enumerate(scores):
        # Sun and Xu: a midrank among all rows less that among rows of the same class is how many rows of the
        # other class lie below, ties counting one half. Three sorts in place of m * n comparisons.
        everywhere = midranks(each)
        v10[row] = (everywhere[truth] - midranks(each[truth])) / n
        v01[row] = 1 - (everywhere[~truth] - midranks(each[~truth])) / m
    # np.cov divides by m - 1 and n - 1, as DeLong's S10 and S01 do.
    covariance = np.atleast_2d(np.cov(v10)) / m + np.atleast_2d(np.cov(v01)) / n
    return v10.mean(axis=1), covariance


def midranks(values: Floats) -> Floats:
    """Ranks from 1, equal values sharing the mean of theirs; shape (n,)."""
    if not values.size:
        return np.empty(0)
    order = np.argsort(values, kind="stable")
    starts = tie_starts(values[order])
    ends = np.append(starts[1:], values.size)
    ranks = np.empty(values.size)
    ranks[order] = np.repeat((starts + ends + 1) / 2, ends - starts)
    return ranks


def _estimate(truth: Bools, scores: tuple[Floats, ...], contrast: Floats) -> tuple[float, float]:
    areas, covariance = _covariance(truth, scores)
    variance = float(contrast @ covariance @ contrast)
    # Of two scores that order the rows alike the variance is 0, and rounding may leave it below.
    spread = math.nan if math.isnan(variance) else math.sqrt(max(0.0, variance))
    return float(contrast @ areas), spread


def _interval(estimate: float, spread: float, level: float, n: int, limits: tuple[float, float]) -> Interval:
    half = normal_quantile(level) * spread
    low, high = estimate - half, estimate + half
    if not math.isnan(half):
        # The normal interval knows no bounds; an AUC has some.
        low, high = max(limits[0], low), min(limits[1], high)
    return Interval(estimate=estimate, low=low, high=high, level=level, method="delong", n=n)
