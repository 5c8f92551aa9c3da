"""The mean absolute percentage error."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np

from meguru.metrics.base import Direction
from meguru.metrics.regression import NUMERIC, residuals
from meguru.metrics.rows import ScoredRows
from meguru.metrics.sums import SumMetric
from meguru.stats.arrays import Floats


class Mape(SumMetric, frozen=True, forbid_unknown_fields=True):
    r"""The mean error as a share of the truth; of several targets the mean of theirs.

    Notes
    -----
    .. math:: \frac{1}{\sum_i w_i} \sum_i w_i \frac{|y_i - \hat y_i|}{\max(|y_i|, \epsilon)}

    0.1 is ten percent, as in scikit-learn. Where the truth may be 0 or near it, it says nothing: take `mae`
    or `mase`. Too low forecasts cost at most 1, too high ones any amount.

    References
    ----------
    Hyndman, R. J., Koehler, A. B. (2006). Another look at measures of forecast accuracy. International
    Journal of Forecasting 22.
    """

    key: ClassVar[str] = "mape"
    title: ClassVar[str] = "mean absolute percentage error"
    better: ClassVar[Direction] = "lower"
    high: ClassVar[float] = math.inf
    measured_in: ClassVar[str] = "share of the truth"
    tasks: ClassVar[frozenset[str]] = NUMERIC

    def terms(self, rows: ScoredRows) -> Floats:
        """Return the errors as shares."""
        floor = np.finfo(np.float64).eps
        return np.asarray(np.abs(residuals(rows)) / np.maximum(np.abs(rows.truth), floor))

    def combine(self, means: Any) -> Any:
        """Return the mean over targets."""
        return np.mean(means)
