"""Bootstrap intervals of an AUC, and of the difference of two on the same rows."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from meguru.errors import InvalidInput
from meguru.stats.arrays import Bools, Floats, as_floats, as_labels, as_level, same_length
from meguru.stats.auc import auc
from meguru.stats.intervals import Interval


def bootstrap_auc(
    labels: npt.ArrayLike, scores: npt.ArrayLike, *, level: float = 0.95, resamples: int = 1000, seed: int = 0
) -> Interval:
    """The AUC with its percentile bootstrap interval; arguments as in `bootstrap_difference`."""
    truth, values = as_labels(labels), as_floats(scores, "scores")
    draws = resampled_aucs(truth, (values,), resamples, seed)[0]
    return _interval(auc(truth, values), draws, as_level(level), truth.size)


def bootstrap_difference(
    labels: npt.ArrayLike,
    first: npt.ArrayLike,
    second: npt.ArrayLike,
    *,
    level: float = 0.95,
    resamples: int = 1000,
    seed: int = 0,
) -> Interval:
    """The AUC of the first scores minus that of the second, with its paired bootstrap interval.

    Parameters
    ----------
    labels
        Shape (n,), 0 or 1.
    first, second
        Shape (n,), any unit, need not be the same unit; ties count one half.
    level
        Scalar, probability in (0, 1).
    resamples
        Scalar, count, at least 100; how often the rows are drawn again.
    seed
        Scalar; the same seed on the same rows gives the same interval, on any machine.

    Returns
    -------
    Interval
        In [-1, 1]; above zero means that the first ranks better. NaN when a class is missing.

    Raises
    ------
    InvalidInput
        When lengths differ, a label is not 0 or 1, a score is not finite, or resamples are too few.

    Notes
    -----
    Rows are drawn with replacement, both scores of a row together, which keeps what the two models have in
    common. A draw only changes how often a row counts, so the rows are sorted once and each draw costs
    O(n). Draws that miss a class are left out. The percentile interval is not corrected for bias; it says
    nothing of rows that depend on each other (several flights of one storm), for which it is too narrow.

    References
    ----------
    Efron, B., Tibshirani, R. (1993). An Introduction to the Bootstrap, chapter 13.
    """
    truth = as_labels(labels)
    one, two = as_floats(first, "first"), as_floats(second, "second")
    draws = resampled_aucs(truth, (one, two), resamples, seed)
    return _interval(auc(truth, one) - auc(truth, two), draws[0] - draws[1], as_level(level), truth.size)


def resampled_aucs(truth: Bools, scores: tuple[Floats, ...], resamples: int, seed: int) -> Floats:
    """The AUC of each score in each draw, shape (scores, resamples); NaN where a class is missing."""
    if resamples < 100:
        raise InvalidInput("resamples must be at least 100", field="resamples", why=f"it is {resamples}")
    for score in scores:
        same_length(truth, score, "labels and scores")
    n, positives = truth.size, int(np.count_nonzero(truth))
    out = np.full((len(scores), resamples), math.nan)
    if positives in {0, n}:
        return out
    ranked = [_Ranked.of(truth, each) for each in scores]
    # PCG64, whose stream is the same on every machine and in every release of NumPy since 1.17.
    draw = np.random.default_rng(seed)
    for index in range(resamples):
        # A draw of n rows with replacement is how often each row counts, so the scores are sorted only once.
        weights = np.bincount(draw.integers(0, n, size=n), minlength=n).astype(np.float64)
        for row, one in enumerate(ranked):
            out[row, index] = one.auc(weights[:positives], weights[positives:])
    return out


@dataclass(frozen=True, slots=True)
class _Ranked:
    """What stays the same in every draw: the order of the negatives, and where each positive stands in it."""

    order: npt.NDArray[np.intp]
    above: npt.NDArray[np.intp]
    level: npt.NDArray[np.intp] | None

    @classmethod
    def of(cls, truth: Bools, scores: Floats) -> _Ranked:
        order = np.argsort(scores[~truth], kind="stable")
        negatives = scores[~truth][order]
        above = np.searchsorted(negatives, scores[truth], side="left")
        level = np.searchsorted(negatives, scores[truth], side="right")
        return cls(order, above, None if np.array_equal(above, level) else level)

    def auc(self, positive: Floats, negative: Floats) -> float:
        """The AUC when each row counts as often as its weight says; O(n)."""
        total = float(positive.sum()) * float(negative.sum())
        if total == 0.0:
            return math.nan
        heap = np.zeros(negative.size + 1)
        np.cumsum(negative[self.order], out=heap[1:])
        pairs = float(positive @ heap[self.above])
        if self.level is not None:
            pairs = (pairs + float(positive @ heap[self.level])) / 2
        return pairs / total


def _interval(estimate: float, draws: Floats, level: float, n: int) -> Interval:
    # A draw that misses a class has no AUC: it is left out, since 0.5 would pull the interval to the middle.
    known = draws[~np.isnan(draws)]
    if math.isnan(estimate) or not known.size:
        return Interval(estimate=estimate, low=math.nan, high=math.nan, level=level, method="bootstrap", n=n)
    low, high = np.quantile(known, [(1 - level) / 2, (1 + level) / 2])
    return Interval(estimate=estimate, low=float(low), high=float(high), level=level, method="bootstrap", n=n)
