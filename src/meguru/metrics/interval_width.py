"""How wide intervals are."""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np

from meguru.metrics.base import Direction
from meguru.metrics.rows import ScoredRows
from meguru.metrics.spans import SPANNED, need_span, span
from meguru.metrics.sums import SumMetric
from meguru.stats.arrays import Floats


class Width(SumMetric, frozen=True, forbid_unknown_fields=True):
    r"""The mean width of the answered intervals; narrow is good only where `coverage` holds.

    Notes
    -----
    .. math:: \frac{\sum_i w_i (u_i - l_i)}{\sum_i w_i}

    Negative for intervals that are upside down.
    """

    key: ClassVar[str] = "width"
    title: ClassVar[str] = "width of the interval"
    better: ClassVar[Direction] = "lower"
    low: ClassVar[float] = -math.inf
    high: ClassVar[float] = math.inf
    measured_in: ClassVar[str] = "as the label"
    tasks: ClassVar[frozenset[str]] = SPANNED
    outputs: ClassVar[tuple[str, ...]] = ()

    def missing(self, rows: ScoredRows) -> str:
        """Need an interval."""
        return need_span(self.key, rows)

    def terms(self, rows: ScoredRows) -> Floats:
        """Return the widths."""
        low, high = span(rows)
        return np.asarray(high - low)
