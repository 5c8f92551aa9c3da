"""The mean area under the ROC curves of each class against the others."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from meguru.metrics.auc import ranked_shares
from meguru.metrics.influence import Influence, InfluenceMetric
from meguru.metrics.rows import ScoredRows


class AucMacro(InfluenceMetric, frozen=True, forbid_unknown_fields=True):
    r"""The mean ROC-AUC of each class against all others, or of each label; NaN when one is missing.

    Notes
    -----
    .. math:: \frac{1}{k} \sum_c \mathrm{AUC}(y = c, p_c)

    The interval is of DeLong's components, averaged over classes.

    References
    ----------
    Fawcett, T. (2006). An introduction to ROC analysis. Pattern Recognition Letters 27.
    """

    key: ClassVar[str] = "auc_macro"
    title: ClassVar[str] = "mean area under the ROC curves"
    tasks: ClassVar[frozenset[str]] = frozenset({"multiclass", "multilabel"})
    outputs: ClassVar[tuple[str, ...]] = ("probabilities",)

    def influence(self, rows: ScoredRows) -> Influence:
        """Return the mean area and each row's influence on it."""
        chances = rows.answer["probabilities"]
        weight = np.ones(len(rows)) if rows.weight is None else rows.weight
        k, value, pull = chances.shape[1], 0.0, np.zeros(len(rows))
        for code in range(k):
            truth = rows.truth[:, code] == 1 if rows.truth.ndim == 2 else rows.truth == code
            share, area = ranked_shares(truth, chances[:, code], weight)
            positives = float(rows.mean(truth))
            value += area / k
            if 0 < positives < 1:
                pull += (share - area) / np.where(truth, positives, 1 - positives) / k
        # value - value is 0, or NaN where a class is missing: then no row's pull is known either.
        return Influence(value, pull + (value - value), rows.weight, rows.block)
