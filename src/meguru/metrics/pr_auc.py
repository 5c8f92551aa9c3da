"""The area under the precision-recall curve."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from meguru.metrics.influence import Influence, InfluenceMetric
from meguru.metrics.rows import ScoredRows


class PrAuc(InfluenceMetric, frozen=True, forbid_unknown_fields=True):
    r"""The mean precision over the recall steps of all thresholds (average precision).

    Notes
    -----
    .. math:: \sum_g (R_g - R_{g-1}) P_g

    over groups *g* of equal scores from above, with precision *P* and recall *R* at that threshold; no
    interpolation, as in scikit-learn. What chance gives is the share of label 1, so that it can't be compared
    between rows of different shares. NaN when no row is of label 1. The interval follows from the influence
    of a row on both curves: with *A*, *B* the weights of label 1 and 0 above a threshold,
    :math:`\partial P / \partial A = B / (A+B)^2` and :math:`\partial P / \partial B = -A / (A+B)^2`, summed
    over the thresholds below the row. O(n log n).

    References
    ----------
    Davis, J., Goadrich, M. (2006). The relationship between precision-recall and ROC curves. ICML.
    Boyd, K., Eng, K. H., Page, C. D. (2013). Area under the precision-recall curve: point estimates and
    confidence intervals. ECML PKDD.
    """

    key: ClassVar[str] = "pr_auc"
    title: ClassVar[str] = "area under the precision-recall curve"
    tasks: ClassVar[frozenset[str]] = frozenset({"binary", "anomaly"})

    def influence(self, rows: ScoredRows) -> Influence:
        """Return the area and each row's influence on it."""
        truth, (order, ends) = rows.positive, rows.descending
        starts = np.concatenate(([0], ends[:-1] + 1))
        weight = np.ones(len(rows)) if rows.weight is None else rows.weight
        mass = (weight / rows.total)[order]
        positive = truth[order]
        step = np.add.reduceat(np.where(positive, mass, 0.0), starts)
        above, below = step.cumsum(), np.add.reduceat(np.where(positive, 0.0, mass), starts).cumsum()
        total, share = above + below, float(above[-1])
        if share == 0:
            return Influence(float("nan"), np.full(len(rows), np.nan), rows.weight, rows.block)
        precision = np.divide(above, total, out=np.zeros_like(total), where=total > 0)
        value = float(step @ precision) / share
        # Rows above any score with weight 0 have no precision; they add nothing.
        per = np.divide(step, total**2, out=np.zeros_like(total), where=total > 0)
        gain, loss = (np.cumsum((per * each)[::-1])[::-1] for each in (below, above))
        lengths = np.diff(np.append(starts, len(order)))
        of_row = np.where(positive, np.repeat(precision + gain - value, lengths), -np.repeat(loss, lengths))
        pull = np.empty(len(rows))
        pull[order] = of_row / share
        return Influence(value, pull, rows.weight, rows.block)
