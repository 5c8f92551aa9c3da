r"""Confidence-based performance estimation: how good a classifier is, from calibrated scores alone.

Each metric is a function *f* of the chances :math:`p_b` of bins with :math:`w_b` rows, as in

.. math::
    E[\mathrm{AUC}] = \frac{\sum_b w_b p_b \big(\sum_{a<b} w_a (1 - p_a) + \tfrac12 w_b (1 - p_b)\big)}
                           {\sum_b w_b p_b \; \sum_b w_b (1 - p_b)}

What is realised is *f* at shares that vary around the chances by :math:`p_b (1 - p_b) / w_b`, and the chances
are known as well as the blocks *B* of the calibration are, with variance :math:`v_B`:

.. math::
    \mathrm{var} = \sum_b \Big(\frac{\partial f}{\partial p_b}\Big)^2 \frac{p_b (1 - p_b)}{w_b}
                 + \sum_B \Big(\sum_{b \in B} \frac{\partial f}{\partial p_b}\Big)^2 v_B

References
----------
Guillory, D. et al. (2021). Predicting with confidence on unseen distributions. ICCV.
Białek, J. et al. (2024). Estimating model performance under covariate shift without labels. arXiv:2401.08348.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from meguru.errors import InvalidInput
from meguru.stats.arrays import Floats
from meguru.stats.estimates.calibration import Calibration
from meguru.stats.intervals import Interval, normal_quantile

_EPSILON = float(np.finfo(np.float64).eps)


@dataclass(frozen=True, slots=True)
class ScoredBins:
    """Rows by score, ascending: how many, their score, the chance of outcome 1, and whether 1 was decided."""

    rows: Floats
    scores: Floats
    chances: Floats
    decided: Floats

    @property
    def total(self) -> float:
        """How many rows there are."""
        return float(self.rows.sum())


Expected = tuple[float, Floats]
"""A metric, and how it changes with the chance of each bin, shape (bins,)."""


def confidence_estimate(
    metric: str,
    scores: Floats,
    rows: Floats,
    calibration: Calibration,
    *,
    threshold: float = 0.5,
    level: float = 0.95,
) -> Interval:
    """The value that a metric is expected to have once the outcomes of some rows are known.

    Parameters
    ----------
    metric
        One of `CONFIDENCE_METRICS`.
    scores, rows
        Shape (bins,): the score of each bin, ascending, and how many rows are in it.
    calibration
        The chance of outcome 1 by score, from rows of the past. It must still hold: a change in what follows
        from a score (concept drift) is not seen.
    threshold
        Scalar, in the score's unit: a greater score decides for 1.
    level
        Scalar, probability in (0, 1).

    Returns
    -------
    Interval
        It holds the realised value with probability `level`, if the calibration holds. All NaN where it
        can't be told: no rows, or none that is decided for 1 where precision is asked for.

    Raises
    ------
    InvalidInput
        When the metric can't be estimated so.
    """
    formula = CONFIDENCE_METRICS.get(metric)
    if formula is None:
        known = ", ".join(CONFIDENCE_METRICS)
        raise InvalidInput(f"{metric} can't be estimated from scores", field="metric", hint=f"one of {known}")
    some = rows > 0
    scores, rows = scores[some], rows[some]
    chances, block = calibration.at(scores)
    bins = ScoredBins(rows, scores, chances, (scores > threshold).astype(np.float64))
    n = round(bins.total)
    # The delta method: each formula gives its derivative with the chance of each bin.
    value, slope = formula(bins) if n else (math.nan, rows)
    if not math.isfinite(value):
        return Interval(estimate=math.nan, low=math.nan, high=math.nan, level=level, method="cbpe", n=n)
    half = normal_quantile(level) * _spread(bins, slope, block, calibration.variance)
    high = math.inf if metric == "log_loss" else 1.0
    return Interval(
        estimate=value,
        low=max(0.0, value - half),
        high=min(high, value + half),
        level=level,
        method="cbpe",
        n=n,
    )


def _spread(bins: ScoredBins, slope: Floats, block: npt.NDArray[np.int64], variance: Floats) -> float:
    """Return the standard error of what is realised around what is expected."""
    # Bins of one block share one estimated chance, so their slopes add up before they are squared.
    by_block = np.bincount(block, weights=slope, minlength=variance.size)
    of_rows = float(np.square(slope) @ (bins.chances * (1 - bins.chances) / bins.rows))
    return math.sqrt(of_rows + float(np.square(by_block) @ variance))


def _auc(bins: ScoredBins) -> Expected:
    ones, zeros = bins.rows * bins.chances, bins.rows * (1 - bins.chances)
    positives, negatives = float(ones.sum()), float(zeros.sum())
    if positives * negatives == 0:
        return math.nan, ones
    below, above = np.cumsum(zeros) - zeros / 2, positives - np.cumsum(ones) + ones / 2
    pairs = positives * negatives
    value = float(ones @ below) / pairs
    slope = bins.rows * ((below - above) / pairs - value * (1 / positives - 1 / negatives))
    return value, slope


def _accuracy(bins: ScoredBins) -> Expected:
    right = bins.decided * bins.chances + (1 - bins.decided) * (1 - bins.chances)
    return float(bins.rows @ right) / bins.total, bins.rows * (2 * bins.decided - 1) / bins.total


def _ratio(up: Floats, below: Floats, chances: Floats, constant: float = 0.0) -> Expected:
    """Return (up · p) / (below · p + constant), and its slopes."""
    under = float(below @ chances) + constant
    if under <= 0:
        return math.nan, up
    value = float(up @ chances) / under
    return value, (up - value * below) / under


def _precision(bins: ScoredBins) -> Expected:
    up = bins.rows * bins.decided
    return _ratio(up, np.zeros_like(up), bins.chances, float(up.sum()))


def _recall(bins: ScoredBins) -> Expected:
    return _ratio(bins.rows * bins.decided, bins.rows, bins.chances)


def _f1(bins: ScoredBins) -> Expected:
    hit = bins.rows * bins.decided
    return _ratio(2 * hit, bins.rows, bins.chances, float(hit.sum()))


def _brier(bins: ScoredBins) -> Expected:
    return _loss(bins, np.square(1 - bins.scores), np.square(bins.scores))


def _log_loss(bins: ScoredBins) -> Expected:
    # As the metric clips, else an estimate would be infinite where the realised value is not.
    given = np.clip(bins.scores, _EPSILON, 1 - _EPSILON)
    return _loss(bins, -np.log(given), -np.log1p(-given))


def _loss(bins: ScoredBins, of_one: Floats, of_zero: Floats) -> Expected:
    if bins.scores[0] < 0 or bins.scores[-1] > 1:
        return math.nan, of_one  # scores that are no probabilities have no such loss
    each = bins.chances * of_one + (1 - bins.chances) * of_zero
    return float(bins.rows @ each) / bins.total, bins.rows * (of_one - of_zero) / bins.total


CONFIDENCE_METRICS: Mapping[str, Callable[[ScoredBins], Expected]] = {
    "auc": _auc,
    "accuracy": _accuracy,
    "f1": _f1,
    "precision": _precision,
    "recall": _recall,
    "brier": _brier,
    "log_loss": _log_loss,
}
"""What can be estimated so, by the name of the metric."""
