"""The mean absolute error."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np

from meguru.metrics.base import Direction
from meguru.metrics.regression import NUMERIC, residuals
from meguru.metrics.rows import ScoredRows
from meguru.metrics.sums import SumMetric
from meguru.stats.arrays import Floats


class Mae(SumMetric, frozen=True, forbid_unknown_fields=True):
    r"""The mean absolute error; of several targets the mean of theirs.

    Notes
    -----
    .. math:: \frac{\sum_i w_i |y_i - \hat y_i|}{\sum_i w_i}

    The median of the outcomes, not their mean, makes it least.

    References
    ----------
    Laplace, P. S. (1774). Mémoire sur la probabilité des causes par les évènements.
    """

    key: ClassVar[str] = "mae"
    title: ClassVar[str] = "mean absolute error"
    better: ClassVar[Direction] = "lower"
    high: ClassVar[float] = math.inf
    measured_in: ClassVar[str] = "as the label"
    tasks: ClassVar[frozenset[str]] = NUMERIC

    def terms(self, rows: ScoredRows) -> Floats:
        """Return the absolute errors."""
        return np.abs(residuals(rows))

    def combine(self, means: Any) -> Any:
        """Return the mean over targets."""
        return np.mean(means)
