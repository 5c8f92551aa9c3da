"""The share of right answers."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from meguru.metrics.rows import ScoredRows
from meguru.metrics.shares import ShareMetric
from meguru.stats.arrays import Bools


class Accuracy(ShareMetric, frozen=True, forbid_unknown_fields=True):
    r"""The share of rows whose class is the true one; of several labels, whose labels are all right.

    Notes
    -----
    .. math:: \frac{\sum_i w_i [\hat y_i = y_i]}{\sum_i w_i}

    A model that always says the commonest class has the accuracy of that class's share. Wilson's interval.
    """

    key: ClassVar[str] = "accuracy"
    title: ClassVar[str] = "accuracy"
    tasks: ClassVar[frozenset[str]] = frozenset({"binary", "multiclass", "multilabel"})
    outputs: ClassVar[tuple[str, ...]] = ()

    def missing(self, rows: ScoredRows) -> str:
        """Need a decision for a class."""
        decides = any(rows.has(name) for name in ("label", "probabilities", "score"))
        return "" if decides else f"{self.key} needs label, probabilities or score"

    def hits(self, rows: ScoredRows) -> tuple[Bools, None]:
        """Return which rows are right."""
        if rows.truth.ndim == 2:
            right = (rows.chances > rows.threshold) == (rows.truth == 1)
            return np.asarray(right.all(axis=1)), None
        return np.equal(rows.decided, rows.truth), None
