"""Counts over a profile's bins: windows are sums of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from meguru.errors import InvalidInput

CountArray = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnCounts:
    """How many rows of a window fell where in a column's profile.

    Parameters
    ----------
    nulls
        Rows without a value.
    bins
        Shape (bins,): over the fixed bins, or over the categories with `other` last.
    deciles
        Shape (deciles,): over the deciles of the baseline; for categories the same as `bins`.
    beyond
        Rows with a value that the baseline never had: below its least or above its greatest finite number;
        of a category that it did not know, as far as it knew all.
    far
        Of them those that lie farther outside than the baseline's range is wide; numbers only.
    infinite
        Rows with an infinite value.
    """

    nulls: int
    bins: CountArray
    deciles: CountArray
    beyond: int = 0
    infinite: int = 0
    far: int = 0

    @property
    def count(self) -> int:
        """Rows with a value."""
        return int(self.bins.sum())

    def __add__(self, other: ColumnCounts) -> ColumnCounts:
        if self.bins.shape != other.bins.shape or self.deciles.shape != other.deciles.shape:
            raise InvalidInput(
                "counts add up only over the same bins", hint="tally both with the same profile"
            )
        return ColumnCounts(
            nulls=self.nulls + other.nulls,
            bins=self.bins + other.bins,
            deciles=self.deciles + other.deciles,
            beyond=self.beyond + other.beyond,
            infinite=self.infinite + other.infinite,
            far=self.far + other.far,
        )

    def with_nulls(self) -> CountArray:
        """Return the deciles with the rows without a value as one bin more, shape (deciles + 1,)."""
        return np.append(self.deciles, self.nulls)
