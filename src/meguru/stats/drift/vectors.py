"""Two clouds of vectors: read, bounded, and told apart by permuting who belongs where."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from meguru.errors import InvalidInput
from meguru.stats.arrays import Floats

MAX_VECTORS = 500
"""Vectors that are sampled of each side, with the seed: the tests cost the square of their number."""
_MIN_EXCEEDANCES = 10
_MAX_SIZE = 1e150
"""The square of a greater number is none."""


def read_vectors(
    reference: npt.ArrayLike, current: npt.ArrayLike, *, missing: bool = False
) -> tuple[Floats, Floats]:
    """Read two sets of vectors, shapes (n, d) and (m, d), at least two each; NaN only where `missing` may be.

    Raises
    ------
    InvalidInput
        If the vectors have other lengths, are too few, or are not finite.
    """
    before, after = _vectors(reference, "reference", missing), _vectors(current, "current", missing)
    if before.shape[1] != after.shape[1]:
        why = f"{before.shape[1]} and {after.shape[1]}"
        raise InvalidInput("the vectors have other lengths", field="current", why=why)
    return before, after


def subsample(vectors: Floats, draw: np.random.Generator, most: int = MAX_VECTORS) -> Floats:
    """Return a random sample of at most `most` vectors, in their order."""
    if vectors.shape[0] <= most:
        return vectors
    # Sorted, so that what depends on the order of rows (sums in floating point) hangs on the seed alone.
    return vectors[np.sort(draw.choice(vectors.shape[0], most, replace=False))]


def permutation_p_value(found: float, chance: Floats) -> float:
    """Return the p-value of a permutation test: how often permutations give as much as was found.

    Where fewer than ten did, it is the tail of the Pearson type III distribution with the permutations' mean,
    deviation and skewness, so that some hundred of them also tell p-values of a millionth.

    References
    ----------
    Phipson, B., Smyth, G. K. (2010). Permutation p-values should never be zero. Statistical Applications in
    Genetics and Molecular Biology 9.
    Knijnenburg, T. A. et al. (2009). Fewer permutations, more accurate P-values. Bioinformatics 25 (with
    another tail, the generalised Pareto distribution).
    """
    as_much = int((chance >= found).sum())
    # Phipson and Smyth (2010): what was found counts as one of the permutations, so a p-value is never 0.
    counted = (1 + as_much) / (1 + chance.size)
    if as_much >= _MIN_EXCEEDANCES:
        return counted
    # The fitted tail may not claim more than the count does: it is capped by what ten exceedances would give.
    return float(min(_tail(found, chance), (1 + _MIN_EXCEEDANCES) / (1 + chance.size)))


def permutation_critical_value(chance: Floats, level: float) -> float:
    """Return the critical value: what permutations exceed with the probability `level`."""
    if level * (1 + chance.size) >= _MIN_EXCEEDANCES:
        return float(np.quantile(chance, 1 - level))
    from scipy.special import gammainccinv, ndtri

    mean, deviation, skewness = _moments(chance)
    if skewness < 0.01:
        return float(mean + deviation * -ndtri(level))
    shape = 4 / skewness**2
    return float(mean + deviation * skewness / 2 * (gammainccinv(shape, level) - shape))


def _tail(found: float, chance: Floats) -> float:
    from scipy.special import gammaincc, ndtr

    mean, deviation, skewness = _moments(chance)
    if not deviation:
        return float(found <= mean)
    standard = (found - mean) / deviation
    if skewness < 0.01:
        return float(ndtr(-standard))
    shape = 4 / skewness**2
    return float(gammaincc(shape, max(0.0, shape + 2 * standard / skewness)))


def _moments(chance: Floats) -> tuple[float, float, float]:
    mean, deviation = float(chance.mean()), float(chance.std())
    # All permutations give one number but for rounding: its skewness would be that of the rounding.
    if deviation <= 1e-12 * max(1.0, abs(mean)):
        return mean, 0.0, 0.0
    return mean, deviation, float((((chance - mean) / deviation) ** 3).mean())


def _vectors(values: npt.ArrayLike, field: str, missing: bool) -> Floats:  # noqa: FBT001
    found = np.asarray(values, dtype=np.float64)
    if found.ndim != 2 or found.shape[0] < 2 or not found.shape[1]:
        raise InvalidInput("at least two vectors are wanted", field=field, why=f"the shape is {found.shape}")
    if not (np.isfinite(found) | (missing & np.isnan(found))).all():
        raise InvalidInput("a vector is not finite", field=field)
    # Distances are squared: beyond this they are infinite, every statistic is NaN, and NaN is no alarm.
    if found.size and float(np.nanmax(np.abs(found), initial=0.0)) > _MAX_SIZE:
        raise InvalidInput("a vector is too large to be measured", field=field, why=f"above {_MAX_SIZE:g}")
    return found
