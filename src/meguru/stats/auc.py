"""The area under the ROC curve."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from meguru.errors import InvalidInput
from meguru.stats.arrays import as_floats, as_labels, same_length


def auc(labels: npt.ArrayLike, scores: npt.ArrayLike, weights: npt.ArrayLike | None = None) -> float:
    r"""The probability that a row of label 1 scores above one of label 0.

    Parameters
    ----------
    labels
        Shape (n,), 0 or 1.
    scores
        Shape (n,), any unit; greater means label 1 is likelier. Ties count one half.
    weights
        Shape (n,), none negative; 1 each when not given.

    Returns
    -------
    float
        In [0, 1]; NaN when one class is missing or weighs nothing.

    Raises
    ------
    InvalidInput
        When lengths differ, a label is not 0 or 1, a score is not finite or a weight is negative.

    Notes
    -----
    .. math:: \frac{\sum_g P_g (N_{<g} + N_g / 2)}{P\,N}

    over groups *g* of equal scores, with weights *P* of label 1 and *N* of label 0. One sort: O(n log n).

    References
    ----------
    Hanley, J. A., McNeil, B. J. (1982). The meaning and use of the area under a ROC curve. Radiology 143.

    Examples
    --------
    >>> auc([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
    0.75
    """
    truth, values = as_labels(labels), as_floats(scores, "scores")
    same_length(truth, values, "labels and scores")
    weight = np.ones(values.size) if weights is None else as_floats(weights, "weights")
    same_length(weight, values, "weights and scores")
    if weight.size and float(weight.min()) < 0:
        raise InvalidInput("weights must not be negative", field="weights")
    if not values.size:
        return math.nan
    order = np.argsort(values, kind="stable")
    starts = tie_starts(values[order])
    positive = np.add.reduceat(np.where(truth, weight, 0.0)[order], starts)
    negative = np.add.reduceat(np.where(truth, 0.0, weight)[order], starts)
    total = float(positive.sum()) * float(negative.sum())
    if total == 0.0:
        return math.nan
    # Ties count one half: of the negatives of the same group, half lie below.
    below = np.cumsum(negative) - negative / 2
    return float(np.dot(positive, below)) / total


def tie_starts(ordered: npt.NDArray[np.float64]) -> npt.NDArray[np.intp]:
    """Where each group of equal values begins in sorted values, shape (groups,)."""
    return np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1])))
