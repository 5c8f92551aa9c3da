"""Counts over the same bins on two sides."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from meguru.errors import InvalidInput
from meguru.stats.arrays import Floats, as_counts

MIN_EXPECTED = 5.0  # the fewest rows a bin should expect: the usual rule for a chi-square approximation
_CERTAIN_FACTOR, _CERTAIN_SHARE = 4.0, 0.05
"""A rare bin is not merged if it holds four times the expected rows (of a Poisson count of 5, 20 or more come
less than once in a million) and a twentieth of the smaller side: a category that is new and large."""


def read_counts(reference: npt.ArrayLike, current: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Read counts over the same bins, shapes (bins,), none negative, at least one row on each side.

    Raises
    ------
    InvalidInput
        When the shapes differ, a count is negative, or a side is empty.
    """
    before, after = as_counts(reference, "reference"), as_counts(current, "current")
    if before.shape != after.shape:
        raise InvalidInput(
            "reference and current must have the same bins",
            field="current",
            why=f"they have {before.size} and {after.size}",
        )
    return before, after


def merge_rare(reference: Floats, current: Floats, expected: float = MIN_EXPECTED) -> tuple[Floats, Floats]:
    """Merge the bins in which the smaller side would expect fewer than `expected` rows, and has not many.

    They become one bin, with the rarest other if they still expect too few together. What a bin expects is
    its share of both sides together. A bin that is new and large on the smaller side stands alone, however
    many rows the other side has.

    References
    ----------
    Cochran, W. G. (1954). Some methods for strengthening the common chi-square tests. Biometrics 10.
    """
    pooled = reference + current
    smaller = min(float(reference.sum()), float(current.sum()))
    fewer = _fewer(reference, current)
    rare = (pooled * smaller < expected * float(pooled.sum())) & (fewer < _certain_rows(fewer, expected))
    if not rare.any():
        return reference, current
    # Together the rare bins may still be too rare: then they take in the rarest of the others.
    if pooled[rare].sum() * smaller < expected * float(pooled.sum()) and not rare.all():
        rare[np.flatnonzero(~rare)[np.argmin(pooled[~rare])]] = True
    kept = ~rare
    return np.append(reference[kept], reference[rare].sum()), np.append(current[kept], current[rare].sum())


def merge_neighbours(
    reference: Floats, current: Floats, expected: float = 2 * MIN_EXPECTED
) -> tuple[Floats, Floats]:
    """Merge ordered bins, from the left, until the smaller side expects `expected` rows or has many.

    Statistics with a logarithm need more rows a bin than Pearson's to be near their distribution.
    """
    share = min(float(reference.sum()), float(current.sum())) / float(reference.sum() + current.sum())
    fewer = _fewer(reference, current)
    many = _certain_rows(fewer, expected)
    starts, held, has = [0], 0.0, 0.0
    for place, (rows, own) in enumerate(zip(share * (reference + current), fewer, strict=True)):
        if held >= expected or has >= many:
            starts.append(place)
            held, has = 0.0, 0.0
        held, has = held + float(rows), has + float(own)
    if held < expected and has < many and len(starts) > 1:
        starts.pop()
    return np.add.reduceat(reference, starts), np.add.reduceat(current, starts)


def _fewer(reference: Floats, current: Floats) -> Floats:
    """Return the side with fewer rows."""
    return reference if float(reference.sum()) < float(current.sum()) else current


def _certain_rows(fewer: Floats, expected: float) -> float:
    """Return from how many rows of the smaller side on a bin stands alone, however few it expects."""
    return max(_CERTAIN_FACTOR * expected, _CERTAIN_SHARE * float(fewer.sum()))
