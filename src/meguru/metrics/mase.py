"""The mean absolute scaled error."""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np

from meguru.errors import InvalidInput
from meguru.metrics.base import Direction
from meguru.metrics.regression import residuals
from meguru.metrics.rows import ScoredRows
from meguru.metrics.sums import SumMetric
from meguru.stats.arrays import Floats


class Mase(SumMetric, frozen=True, forbid_unknown_fields=True):
    r"""The mean absolute error as a multiple of the naive forecast's in training; below 1 beats it.

    Notes
    -----
    .. math:: \frac{1}{\sum_i w_i} \sum_i w_i \frac{|y_i - \hat y_i|}{q_{s(i)}},
              \qquad q_s = \frac{1}{T_s - m} \sum_{t=m+1}^{T_s} |y_{s,t} - y_{s,t-m}|

    with the season *m* (1: the last value), over the training part of the row's series *s*.

    References
    ----------
    Hyndman, R. J., Koehler, A. B. (2006). Another look at measures of forecast accuracy. International
    Journal of Forecasting 22.
    """

    key: ClassVar[str] = "mase"
    title: ClassVar[str] = "mean absolute scaled error"
    better: ClassVar[Direction] = "lower"
    high: ClassVar[float] = math.inf
    measured_in: ClassVar[str] = "naive forecasts"
    tasks: ClassVar[frozenset[str]] = frozenset({"forecast"})

    def missing(self, rows: ScoredRows) -> str:
        """Need a score, and the naive forecast's error."""
        if rows.scale is None:
            return f"{self.key} needs the naive forecast's error in training (scale)"
        return super().missing(rows)

    def terms(self, rows: ScoredRows) -> Floats:
        """Return the scaled errors."""
        scale = np.ones(len(rows)) if rows.scale is None else rows.scale
        if scale.size and float(scale.min()) <= 0:
            why = "a series that never changed in training has none"
            raise InvalidInput("a scale must be above 0", field="scale", why=why)
        return np.asarray(np.abs(residuals(rows)) / scale)
