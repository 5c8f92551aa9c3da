"""The likelihood of what happened."""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np

from meguru.metrics.base import Direction
from meguru.metrics.probabilities import need_probabilities, probabilities, probability_of_truth
from meguru.metrics.rows import ScoredRows
from meguru.metrics.sums import SumMetric
from meguru.stats.arrays import Floats


class LogLoss(SumMetric, frozen=True, forbid_unknown_fields=True):
    r"""The mean negative log likelihood of what happened; 0 is perfect.

    Notes
    -----
    .. math:: -\frac{\sum_i w_i \ln p_{i, y_i}}{\sum_i w_i}

    Probabilities are kept one machine epsilon away from 0 and 1, as in scikit-learn, so that a certain
    mistake costs 36 and not infinity. Of several labels it is the mean of theirs.

    References
    ----------
    Good, I. J. (1952). Rational decisions. Journal of the Royal Statistical Society B 14.
    """

    key: ClassVar[str] = "log_loss"
    title: ClassVar[str] = "log loss"
    better: ClassVar[Direction] = "lower"
    high: ClassVar[float] = math.inf
    measured_in: ClassVar[str] = "nats"
    tasks: ClassVar[frozenset[str]] = frozenset({"binary", "multiclass", "multilabel"})
    outputs: ClassVar[tuple[str, ...]] = ()

    def missing(self, rows: ScoredRows) -> str:
        """Need probabilities."""
        return need_probabilities(self.key, rows)

    def terms(self, rows: ScoredRows) -> Floats:
        """Return the loss of each row."""
        if rows.truth.ndim == 2:
            chances = probabilities(rows.answer["probabilities"])
            given = np.where(rows.truth == 1, chances, 1 - chances)
        elif rows.has("probabilities"):
            given = probability_of_truth(probabilities(rows.answer["probabilities"]), rows.truth)
        else:
            chance = probabilities(rows.answer["score"])
            given = np.where(rows.positive, chance, 1 - chance)
        epsilon = float(np.finfo(np.float64).eps)
        loss = -np.log(np.clip(given, epsilon, 1 - epsilon))
        return np.asarray(loss if loss.ndim == 1 else loss.mean(axis=1))
