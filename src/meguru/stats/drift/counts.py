"""Counts over the same bins on two sides."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from meguru.errors import InvalidInput
from meguru.stats.arrays import Floats, as_counts

EXPECTED = 5.0  # the fewest rows a bin should expect: the usual rule for a chi-square approximation


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


def merge_rare(reference: Floats, current: Floats, expected: float = EXPECTED) -> tuple[Floats, Floats]:
    """Merge the bins in which the smaller side would expect fewer than `expected` rows.

    They become one bin, with the rarest other if they still expect too few together. What a bin expects is
    its share of both sides together, so a bin that is new and large on one side stands alone.

    References
    ----------
    Cochran, W. G. (1954). Some methods for strengthening the common chi-square tests. Biometrics 10.
    """
    pooled = reference + current
    smaller = min(float(reference.sum()), float(current.sum()))
    rare = pooled * smaller < expected * float(pooled.sum())
    if not rare.any():
        return reference, current
    if pooled[rare].sum() * smaller < expected * float(pooled.sum()) and not rare.all():
        rare[np.flatnonzero(~rare)[np.argmin(pooled[~rare])]] = True
    kept = ~rare
    return np.append(reference[kept], reference[rare].sum()), np.append(current[kept], current[rare].sum())


def merge_neighbours(
    reference: Floats, current: Floats, expected: float = 2 * EXPECTED
) -> tuple[Floats, Floats]:
    """Merge bins that are in order, from the left, until the smaller side expects `expected` rows in each.

    Statistics with a logarithm need more rows a bin than Pearson's to be near their distribution.
    """
    share = min(float(reference.sum()), float(current.sum())) / float(reference.sum() + current.sum())
    starts, held = [0], 0.0
    for place, rows in enumerate((share * (reference + current)).tolist()):
        if held >= expected:
            starts.append(place)
            held = 0.0
        held += rows
    if held < expected and len(starts) > 1:
        starts.pop()
    return np.add.reduceat(reference, starts), np.add.reduceat(current, starts)
