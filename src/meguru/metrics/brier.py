"""The squared distance of probabilities from what happened."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from meguru.metrics.base import Direction
from meguru.metrics.probabilities import need_probabilities, probabilities, probability_of_truth
from meguru.metrics.rows import ScoredRows
from meguru.metrics.sums import SumMetric
from meguru.stats.arrays import Floats


class Brier(SumMetric, frozen=True, forbid_unknown_fields=True):
    r"""The mean squared distance of the predicted probabilities from what happened; 0 is perfect.

    Notes
    -----
    .. math:: \frac{\sum_i w_i (p_i - y_i)^2}{\sum_i w_i}

    of two classes; of more :math:`\sum_i w_i \sum_c (p_{ic} - [y_i = c])^2 / \sum_i w_i`, which reaches 2.

    References
    ----------
    Brier, G. W. (1950). Verification of forecasts expressed in terms of probability. Monthly Weather Review
    78.
    """

    key: ClassVar[str] = "brier"
    title: ClassVar[str] = "Brier score"
    better: ClassVar[Direction] = "lower"
    high: ClassVar[float] = 2.0
    measured_in: ClassVar[str] = "squared probability"
    tasks: ClassVar[frozenset[str]] = frozenset({"binary", "multiclass"})
    outputs: ClassVar[tuple[str, ...]] = ()

    def missing(self, rows: ScoredRows) -> str:
        """Need probabilities."""
        return need_probabilities(self.key, rows)

    def terms(self, rows: ScoredRows) -> Floats:
        """Return the squared distance of each row."""
        if not rows.has("probabilities"):
            return np.asarray(np.square(probabilities(rows.answer["score"]) - rows.positive))
        chances = probabilities(rows.answer["probabilities"])
        of_truth = probability_of_truth(chances, rows.truth)
        # |p - e_y|^2 = |p|^2 - 2 p_y + 1, without a matrix of indicators; of two classes each is counted
        # twice.
        distance = np.einsum("ij,ij->i", chances, chances) - 2 * of_truth + 1
        return np.asarray(distance if chances.shape[1] > 2 else distance / 2)
