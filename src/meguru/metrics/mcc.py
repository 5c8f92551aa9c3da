"""Matthews' correlation coefficient."""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np

from meguru.metrics.influence import Influence, InfluenceMetric
from meguru.metrics.rows import ScoredRows
from meguru.metrics.tallies import need_decisions, tally


class Mcc(InfluenceMetric, frozen=True, forbid_unknown_fields=True):
    r"""The correlation of answered and true classes: 1 perfect, 0 what chance gives, -1 always wrong.

    Notes
    -----
    .. math:: \frac{\sum_c r_c - \sum_c a_c t_c}{\sqrt{(1 - \sum_c a_c^2)(1 - \sum_c t_c^2)}}

    with the shares of rows answered rightly as *c*, answered *c* and truly *c*; 0 when only one class is
    answered or true, as in scikit-learn. Interval by the delta method; none where only one class is true,
    since rows of one class do not tell how others would be answered.

    References
    ----------
    Matthews, B. W. (1975). Comparison of the predicted and observed secondary structure of T4 phage lysozyme.
    Biochimica et Biophysica Acta 405.
    Gorodkin, J. (2004). Comparing two K-category assignments by a K-category correlation coefficient.
    Computational Biology and Chemistry 28.
    """

    key: ClassVar[str] = "mcc"
    title: ClassVar[str] = "Matthews' correlation"
    measured_in: ClassVar[str] = "correlation"
    low: ClassVar[float] = -1.0
    tasks: ClassVar[frozenset[str]] = frozenset({"binary", "multiclass"})
    outputs: ClassVar[tuple[str, ...]] = ()

    def missing(self, rows: ScoredRows) -> str:
        """Need a decision for a class."""
        return need_decisions(self.key, rows)

    def influence(self, rows: ScoredRows) -> Influence:
        """Return the correlation and each row's influence on it."""
        class_tally = tally(rows)
        answered, true = class_tally.answered, class_tally.true
        up = float(class_tally.right.sum() - answered @ true)
        of_answers, of_truth = 1 - float(answered @ answered), 1 - float(true @ true)
        product = of_answers * of_truth
        # Weights may be so uneven that a class is there and its share lost beside 1: then the product is 0.
        if min(np.count_nonzero(answered), np.count_nonzero(true)) < 2 or product <= 0:
            is_constant = np.count_nonzero(true) > 1
            pull = np.full(len(rows), 0.0 if is_constant else math.nan)
            return Influence(0.0, pull, rows.weight, rows.block)
        value, root = up / math.sqrt(product), math.sqrt(product)
        pull = class_tally.pull(
            np.full(len(true), 1 / root),
            -true / root + value * answered / of_answers,
            -answered / root + value * true / of_truth,
        )
        return Influence(min(1.0, max(-1.0, value)), pull, rows.weight, rows.block)
