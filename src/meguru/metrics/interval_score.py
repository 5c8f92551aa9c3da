"""Width and misses of intervals in one number."""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np

from meguru.metrics.base import Direction
from meguru.metrics.rows import ScoredRows
from meguru.metrics.spans import SPANNED, need_span, span
from meguru.metrics.sums import SumMetric
from meguru.stats.arrays import Floats


class IntervalScore(SumMetric, frozen=True, forbid_unknown_fields=True):
    r"""The mean width of intervals, and what they missed as often as they promised not to.

    Notes
    -----
    .. math:: (u - l) + \frac{2}{\alpha} (l - y)_+ + \frac{2}{\alpha} (y - u)_+

    with :math:`1 - \alpha` the promised coverage, from the levels. It is proper: the true interval makes it
    least.

    References
    ----------
    Winkler, R. L. (1972). A decision-theoretic approach to interval estimation. JASA 67.
    Gneiting, T., Raftery, A. E. (2007). Strictly proper scoring rules, prediction, and estimation. JASA 102.
    """

    key: ClassVar[str] = "interval_score"
    title: ClassVar[str] = "interval score"
    better: ClassVar[Direction] = "lower"
    low: ClassVar[float] = -math.inf
    high: ClassVar[float] = math.inf
    measured_in: ClassVar[str] = "as the label"
    tasks: ClassVar[frozenset[str]] = SPANNED
    outputs: ClassVar[tuple[str, ...]] = ()

    def missing(self, rows: ScoredRows) -> str:
        """Need an interval, and what it promises."""
        if len(rows.levels) < 2:
            return f"{self.key} needs the levels of the interval's ends"
        return need_span(self.key, rows)

    def terms(self, rows: ScoredRows) -> Floats:
        """Return the score of each row."""
        low, high = span(rows)
        rate = 2 / (1 - (rows.levels[-1] - rows.levels[0]))
        below, above = np.maximum(low - rows.truth, 0), np.maximum(rows.truth - high, 0)
        return np.asarray(high - low + rate * (below + above))
