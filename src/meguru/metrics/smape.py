"""The symmetric mean absolute percentage error."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from meguru.metrics.base import Direction
from meguru.metrics.regression import NUMERIC, residuals
from meguru.metrics.rows import ScoredRows
from meguru.metrics.sums import SumMetric
from meguru.stats.arrays import Floats


class Smape(SumMetric, frozen=True, forbid_unknown_fields=True):
    r"""The mean error as a share of the mean of truth and answer; 0 where both are 0, 2 at most.

    Notes
    -----
    .. math:: \frac{1}{\sum_i w_i} \sum_i w_i \frac{2\,|y_i - \hat y_i|}{|y_i| + |\hat y_i|}

    The form of the M4 competition, without the factor 100.

    References
    ----------
    Makridakis, S. (1993). Accuracy measures: theoretical and practical concerns. International Journal of
    Forecasting 9.
    """

    key: ClassVar[str] = "smape"
    title: ClassVar[str] = "symmetric mean absolute percentage error"
    better: ClassVar[Direction] = "lower"
    high: ClassVar[float] = 2.0
    measured_in: ClassVar[str] = "share"
    tasks: ClassVar[frozenset[str]] = NUMERIC

    def terms(self, rows: ScoredRows) -> Floats:
        """Return the errors as shares."""
        error = 2 * np.abs(residuals(rows))
        size = np.abs(rows.truth) + np.abs(rows.answer["score"])
        return np.asarray(np.divide(error, size, out=np.zeros_like(error), where=size > 0))

    def combine(self, means: Any) -> Any:
        """Return the mean over targets."""
        return np.mean(means)
