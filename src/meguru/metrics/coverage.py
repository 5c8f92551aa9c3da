"""How often the truth lies within the interval."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from meguru.metrics.rows import ScoredRows
from meguru.metrics.shares import ShareMetric
from meguru.metrics.spans import SPANNED, need_span, span
from meguru.stats.arrays import Bools


class Coverage(ShareMetric, frozen=True, forbid_unknown_fields=True):
    r"""The share of rows whose truth lies within the answered interval, its ends included.

    Notes
    -----
    .. math:: \frac{\sum_i w_i [l_i \le y_i \le u_i]}{\sum_i w_i}

    It should be what the interval promises, no more: one that is wide enough covers all. Compare models by
    `interval_score` or `pinball`. Wilson's interval.

    References
    ----------
    Gneiting, T., Raftery, A. E. (2007). Strictly proper scoring rules, prediction, and estimation. JASA 102.
    """

    key: ClassVar[str] = "coverage"
    title: ClassVar[str] = "coverage of the interval"
    tasks: ClassVar[frozenset[str]] = SPANNED
    outputs: ClassVar[tuple[str, ...]] = ()

    def missing(self, rows: ScoredRows) -> str:
        """Need an interval."""
        return need_span(self.key, rows)

    def hits(self, rows: ScoredRows) -> tuple[Bools, None]:
        """Return whose truth lies within."""
        low, high = span(rows)
        return np.asarray((low <= rows.truth) & (rows.truth <= high)), None
