"""The energy distance, a two-sample test for vectors such as embeddings."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from meguru.stats.arrays import Floats, as_level
from meguru.stats.drift.result import DriftResult, check_floor, conclude
from meguru.stats.drift.vectors import (
    permutation_critical_value,
    permutation_p_value,
    read_vectors,
    subsample,
)

PERMUTATIONS = 199


def energy_test(
    reference: npt.ArrayLike,
    current: npt.ArrayLike,
    *,
    alpha: float = 0.01,
    floor: float = 0.01,
    seed: int = 0,
) -> DriftResult:
    r"""Tell whether two sets of vectors are of one distribution, in all dimensions together.

    Parameters
    ----------
    reference, current
        Shapes (n, d) and (m, d), finite, any common unit; at least two vectors each. Of more than 500 so many
        are drawn.
    alpha
        How often an alarm may be false.
    floor
        A coefficient that is less above what chance makes of it is a trifle, however certain it is.
    seed
        Draws the vectors and the permutations.

    Returns
    -------
    DriftResult
        `statistic` is the coefficient, 0 for equal distributions and 1 for the most different ones; its
        `effect` is what chance alone does not give. `bins` is d.

    Raises
    ------
    InvalidInput
        If the vectors have other lengths, or are not finite.

    Notes
    -----
    .. math:: H = \frac{2E|X-Y| - E|X-X'| - E|Y-Y'|}{2E|X-Y|}

    against 199 permutations of the pooled vectors. It needs no model and no choice of one, and does not tell
    which dimensions moved. O((n + m)^2 d), with n and m at most 500.

    References
    ----------
    Székely, G. J., Rizzo, M. L. (2013). Energy statistics. Journal of Statistical Planning and Inference 143.

    Examples
    --------
    >>> draw = np.random.default_rng(1)
    >>> before, after = draw.normal(size=(300, 8)), draw.normal(0.5, 1, size=(300, 8))
    >>> energy_test(before, before[::-1]).drifted, energy_test(before, after).drifted
    (False, True)
    """
    level, least = as_level(alpha, "alpha"), check_floor(floor)
    before, after = read_vectors(reference, current)
    return _decide(before, after, level, least, np.random.default_rng(seed))


def _decide(
    before: Floats, after: Floats, level: float, least: float, draw: np.random.Generator
) -> DriftResult:
    before, after = subsample(before, draw), subsample(after, draw)
    distances = _distances(np.concatenate((before, after)))
    weights = _weights(before.shape[0], after.shape[0])
    found = float(_coefficients(distances, weights[:, None])[0])
    permuted = np.stack([draw.permutation(weights) for _ in range(PERMUTATIONS)], axis=1)
    chance = _coefficients(distances, permuted)
    chance_mean = float(chance.mean())
    return conclude(
        found,
        critical=permutation_critical_value(chance, level),
        # Of few vectors chance alone makes a coefficient above the floor: the floor is for what is beyond it.
        worth=least + chance_mean,
        effect=found - chance_mean,
        p_value=permutation_p_value(found, chance),
        sizes=(before.shape[0], after.shape[0]),
        bins=before.shape[1],
    )


def _distances(vectors: Floats) -> Floats:
    from scipy.spatial.distance import cdist

    found: Floats = cdist(vectors, vectors)
    return found


def _weights(n: int, m: int) -> Floats:
    return np.concatenate((np.full(n, 1 / n), np.full(m, -1 / m)))


def _coefficients(distances: Floats, weights: Floats) -> Floats:
    """Return the coefficient for each column of weights: positive for one side, negative for the other."""
    first, second = np.clip(weights, 0, None), np.clip(-weights, 0, None)
    # w' D w with w = 1/n on one side and -1/m on the other is E|X-X'| + E|Y-Y'| - 2 E|X-Y|. One product of
    # matrices serves all permutations.
    energy = -(weights * (distances @ weights)).sum(axis=0)
    between = 2 * (first * (distances @ second)).sum(axis=0)
    found: Floats = np.divide(energy, between, out=np.zeros_like(energy), where=between > 0)
    # It is never negative for a metric of negative type such as the Euclidean; rounding makes -1e-17.
    return np.clip(found, 0.0, 1.0)
