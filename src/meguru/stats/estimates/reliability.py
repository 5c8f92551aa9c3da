"""Reliability of probabilities: groups of a reliability diagram, and the calibration slope and intercept."""

from __future__ import annotations

import numpy as np

from meguru.stats.arrays import Floats
from meguru.stats.estimates.score_outcomes import ScoreOutcomes

_MAX_STEPS, _CLOSE, _EDGE = 50, 1e-10, 1e-6


def reliability_groups(known: ScoreOutcomes, groups: int = 10) -> tuple[Floats, Floats, Floats]:
    """Return mean score, share of outcome 1 and rows of groups of about as many rows, by ascending score.

    Parameters
    ----------
    known
        What became of the rows.
    groups
        Scalar, count: at most so many.
    """
    if not known.rows.size:
        return known.scores, known.scores, known.rows
    before = np.cumsum(known.rows) - known.rows / 2
    _, of = np.unique((before / known.total * groups).astype(np.int64), return_inverse=True)
    rows = np.bincount(of, weights=known.rows).astype(np.float64)
    scores = np.bincount(of, weights=known.scores * known.rows) / rows
    return scores, np.bincount(of, weights=known.positives) / rows, rows


def logistic_recalibration(known: ScoreOutcomes) -> tuple[float, float] | None:
    r"""Return slope and intercept of the log odds of what happened over those of the score.

    Parameters
    ----------
    known
        What became of the rows; scores are probabilities.

    Returns
    -------
    tuple or None
        ``(1, 0)`` for probabilities that are right. None where scores are no probabilities, rows of one
        outcome only are known, or the outcomes are separated by the score.

    Notes
    -----
    Maximum likelihood of :math:`\mathrm{logit}\,P(y) = a + b\,\mathrm{logit}\,s` by
    Newton's method over the groups.

    References
    ----------
    Cox, D. R. (1958). Two further applications of a model for binary regression. Biometrika 45.
    """
    if not known.both_classes or known.scores.min() < 0 or known.scores.max() > 1:
        return None
    # 0 and 1 have infinite log odds.
    chance = np.clip(known.scores, _EDGE, 1 - _EDGE)
    design = np.column_stack((np.log(chance / (1 - chance)), np.ones(chance.size)))
    found = np.array([1.0, 0.0])
    for _ in range(_MAX_STEPS):
        with np.errstate(over="ignore"):
            fitted = 1 / (1 + np.exp(-(design @ found)))
        spread = known.rows * fitted * (1 - fitted)
        matrix = design.T @ (design * spread[:, None])
        # Where the score separates the outcomes the likelihood has no maximum: the slope grows for ever and
        # the matrix becomes singular.
        if not np.isfinite(matrix).all() or np.linalg.cond(matrix) > 1 / _CLOSE:
            return None
        step = np.linalg.solve(matrix, design.T @ (known.positives - known.rows * fitted))
        found = found + step
        if float(np.abs(step).max()) < _CLOSE:
            return float(found[0]), float(found[1])
    return None
