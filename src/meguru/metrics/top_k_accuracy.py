"""Whether the true class is among the likeliest."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from meguru.errors import InvalidInput
from meguru.metrics.probabilities import need_probabilities, probability_of_truth
from meguru.metrics.rows import ScoredRows
from meguru.metrics.shares import ShareMetric
from meguru.stats.arrays import Bools


class TopKAccuracy(ShareMetric, frozen=True, forbid_unknown_fields=True):
    r"""The share of rows whose true class is among the k likeliest; ``top_k_accuracy@3``.

    Notes
    -----
    .. math:: \frac{\sum_i w_i [\mathrm{rank}(p_{i, y_i}) \le k]}{\sum_i w_i}

    Of equal probabilities the later class is taken first, as in scikit-learn. Wilson's interval.
    """

    key: ClassVar[str] = "top_k_accuracy"
    parameter: ClassVar[str] = "k"
    title: ClassVar[str] = "accuracy of the k likeliest"
    tasks: ClassVar[frozenset[str]] = frozenset({"multiclass"})
    outputs: ClassVar[tuple[str, ...]] = ()

    k: int = 3

    def check(self) -> None:
        """Refuse a k that is none."""
        if self.k < 1:
            raise InvalidInput("k must be at least 1", field="k", why=f"it is {self.k}")

    def missing(self, rows: ScoredRows) -> str:
        """Need probabilities."""
        return need_probabilities(self.key, rows)

    def hits(self, rows: ScoredRows) -> tuple[Bools, None]:
        """Return whose true class is among the likeliest."""
        codes = rows.truth.astype(np.int64, copy=False)[:, None]
        mine = probability_of_truth(rows.chances, rows.truth)[:, None]
        # Rank by counting what comes before the true class: no sort of every row.
        later = np.arange(rows.chances.shape[1]) > codes
        before = (rows.chances > mine) | ((rows.chances == mine) & later)
        return np.asarray((np.count_nonzero(before, axis=1) < self.k) & (codes[:, 0] >= 0)), None
