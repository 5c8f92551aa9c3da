"""The maximum mean discrepancy (MMD), a kernel two-sample test for vectors such as embeddings."""

from __future__ import annotations

import math

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

PERMUTATIONS = 499


def mmd(reference: npt.ArrayLike, current: npt.ArrayLike, *, bandwidth: float) -> float:
    r"""The unbiased squared maximum mean discrepancy with a Gaussian kernel.

    Parameters
    ----------
    reference, current
        Shapes (n, d) and (m, d), finite, any common unit; at least two vectors each.
    bandwidth
        Scalar, in the vectors' unit, above zero: the deviation of the kernel.

    Returns
    -------
    float
        0 on average when nothing changed, so that it may be negative; never above 2.

    Notes
    -----
    .. math:: \frac{1}{n(n-1)}\sum_{i\ne j}k(x_i,x_j) + \frac{1}{m(m-1)}\sum_{i\ne j}k(y_i,y_j)
              - \frac{2}{nm}\sum_{i,j}k(x_i,y_j), \quad k(x,y) = e^{-\|x-y\|^2/(2s^2)}

    References
    ----------
    Gretton, A., Borgwardt, K. M., Rasch, M. J., Schölkopf, B., Smola, A. (2012). A kernel two-sample test.
    Journal of Machine Learning Research 13.

    Examples
    --------
    >>> round(mmd([[0.0], [1.0]], [[4.0], [5.0]], bandwidth=1.0), 4)
    1.2072
    """
    before, after = read_vectors(reference, current)
    both = np.concatenate((before, after))
    return float(_discrepancies(_kernel(_squares(both), bandwidth), _sides(before, after)[:, None])[0])


def mmd_test(
    reference: npt.ArrayLike,
    current: npt.ArrayLike,
    *,
    alpha: float = 0.01,
    floor: float = 0.1,
    seed: int = 0,
) -> DriftResult:
    """Tell whether two sets of vectors are of one distribution, in all dimensions together.

    Parameters
    ----------
    reference, current
        Shapes (n, d) and (m, d), finite, any common unit; at least two vectors each. Of more than 500 so many
        are drawn.
    alpha
        Scalar, probability of a false alarm.
    floor
        Scalar, the root of the discrepancy that is worth telling; 0.1 is about a shift of a quarter of a
        standard deviation of one dimension alone.
    seed
        Draws the vectors and the permutations.

    Returns
    -------
    DriftResult
        `statistic` is the unbiased squared discrepancy, `effect` its root (0 where it is negative), `bins` d.

    Notes
    -----
    See `mmd`. The kernel is as wide as the median distance of all pairs. The p-value is of 499 permutations;
    where they are too few, of the Pearson curve with their moments, as in section 5 of the paper.
    O((n + m)^2 (d + 499)), with n and m at most 500.

    Examples
    --------
    >>> draw = np.random.default_rng(1)
    >>> before, after = draw.normal(size=(300, 8)), draw.normal(0.5, 1, size=(300, 8))
    >>> mmd_test(before, before[::-1]).drifted, mmd_test(before, after).drifted
    (False, True)
    """
    level, worth = as_level(alpha, "alpha"), check_floor(floor)
    draw = np.random.default_rng(seed)
    before, after = (subsample(read_vector, draw) for read_vector in read_vectors(reference, current))
    squares = _squares(np.concatenate((before, after)))
    sides = _sides(before, after)
    kernel = _kernel(squares, _median(squares))
    permuted = np.stack([sides, *(draw.permutation(sides) for _ in range(PERMUTATIONS))], axis=1)
    found, *chances = _discrepancies(kernel, permuted).tolist()
    chance = np.array(chances)
    return conclude(
        found,
        critical=permutation_critical_value(chance, level),
        worth=worth**2,
        effect=math.sqrt(max(0.0, found)),
        p_value=permutation_p_value(found, chance),
        sizes=(before.shape[0], after.shape[0]),
        bins=before.shape[1],
    )


def _sides(before: Floats, after: Floats) -> Floats:
    return np.concatenate((np.ones(before.shape[0]), np.zeros(after.shape[0])))


def _squares(vectors: Floats) -> Floats:
    from scipy.spatial.distance import cdist

    found: Floats = cdist(vectors, vectors, "sqeuclidean")
    return found


def _median(squares: Floats) -> float:
    """Return the median distance of two vectors; of those that differ, if most are equal."""
    apart = squares[np.triu_indices_from(squares, 1)]
    middle = float(np.median(apart))
    if not middle:
        # A median of 0 (most vectors are equal) would make a kernel that tells nothing apart.
        others = apart[apart > 0]
        middle = float(np.median(others)) if others.size else 1.0
    return math.sqrt(middle)


def _kernel(squares: Floats, bandwidth: float) -> Floats:
    with np.errstate(under="ignore"):
        kernel: Floats = np.exp(squares / (-2 * bandwidth * bandwidth))
    # The unbiased estimator leaves out the pairs of a vector with itself.
    np.fill_diagonal(kernel, 0)
    return kernel


def _discrepancies(kernel: Floats, sides: Floats) -> Floats:
    """Return the discrepancy for each column of `sides`, shape (n + m, rounds); 1 is the reference."""
    n = sides[:, 0].sum()
    m = sides.shape[0] - n
    towards = kernel @ sides
    within = (sides * towards).sum(axis=0)
    between = towards.sum(axis=0) - within
    rest = kernel.sum() - within - 2 * between
    found: Floats = within / (n * (n - 1)) + rest / (m * (m - 1)) - 2 * between / (n * m)
    return found
