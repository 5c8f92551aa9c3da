"""The root of the mean squared error."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np

from meguru.metrics.base import Direction
from meguru.metrics.regression import NUMERIC, residuals
from meguru.metrics.rows import ScoredRows
from meguru.metrics.sums import SumMetric
from meguru.stats.arrays import Floats


class Rmse(SumMetric, frozen=True, forbid_unknown_fields=True):
    r"""The root of the mean squared error; of several targets the mean of their roots.

    Notes
    -----
    .. math:: \sqrt{\frac{\sum_i w_i (y_i - \hat y_i)^2}{\sum_i w_i}}

    Large errors weigh more than in the mean absolute error. Its interval is by the delta method.

    References
    ----------
    Gauss, C. F. (1823). Theoria combinationis observationum erroribus minimis obnoxiae.
    """

    key: ClassVar[str] = "rmse"
    title: ClassVar[str] = "root mean squared error"
    better: ClassVar[Direction] = "lower"
    high: ClassVar[float] = math.inf
    measured_in: ClassVar[str] = "as the label"
    tasks: ClassVar[frozenset[str]] = NUMERIC

    def terms(self, rows: ScoredRows) -> Floats:
        """Return the squared errors."""
        return np.square(residuals(rows))

    def combine(self, means: Any) -> Any:
        """Return the mean of the roots."""
        return np.mean(np.sqrt(means))
