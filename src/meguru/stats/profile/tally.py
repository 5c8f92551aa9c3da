"""Count values over the bins of a numeric baseline: one pass, in blocks that fit into the CPU's cache."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from meguru.stats.arrays import Bools, Floats
from meguru.stats.profile.counts import ColumnCounts, CountArray

_BLOCK = 32_768  # values: with what is made of them they fill a half of a core's cache
_CLOSE = 4  # where more than one of so many values lies in a bin that has to be looked at closely, all are


@dataclass(frozen=True, slots=True, kw_only=True)
class BinGrid:
    """Where a baseline's bins and deciles lie.

    Parameters
    ----------
    low, high, bins
        The range of the inner bins, and how many there are.
    edges
        Shape (deciles - 1,), ascending: decile i holds ``edges[i-1] < value <= edges[i]``.
    minimum, maximum
        The baseline's extremes; what lies outside is beyond. None when it had no finite value.
    """

    low: float
    high: float
    bins: int
    edges: Floats
    minimum: float | None
    maximum: float | None

    def count(self, values: Floats, nulls: int = 0) -> ColumnCounts:
        """Count values, shape (n,), in any order; NaN is counted as null."""
        total = self._count_exactly(np.empty(0), nulls)
        coarse = np.zeros(self.bins, dtype=np.int64)
        # Three arrays are reused for all blocks: to allocate them anew costs more than the arithmetic.
        look, room = self._examined_bins(), _Blocks()
        close: list[Floats] = []
        for start in range(0, values.size, _BLOCK):
            block = values[start : start + _BLOCK]
            close.append(block if self.bins == 1 else self._block(block, coarse, look, room))
            if sum(map(len, close)) > _BLOCK:
                total += self._count_exactly(np.concatenate(close))
                close.clear()
        if close:
            total += self._count_exactly(np.concatenate(close))
        return total + self._of_whole_bins(coarse)

    def place(self, values: Floats) -> CountArray:
        """Return the bin of each value, shape (n,); 0 and bins + 1 are the tails. There is no NaN."""
        if self.bins == 1:
            place = np.ones(values.size, dtype=np.int64)
        else:
            with np.errstate(over="ignore"):
                scaled = (values - self.low) * self._scale
            place = np.clip(scaled, 0, self.bins - 1).astype(np.int64) + 1
        place[values < self.low] = 0
        place[values > self.high] = self.bins + 1
        return place

    def _block(self, block: Floats, coarse: CountArray, look: Bools, room: _Blocks) -> Floats:
        """Add a block's values in whole bins to `coarse`; return those that have to be looked at closely."""
        scaled, place, near = room.of(block.size)
        with np.errstate(over="ignore", invalid="ignore"):
            np.subtract(block, self.low, out=scaled)
            scaled *= self._scale
            np.clip(scaled, 0, self.bins - 1, out=scaled)
            np.copyto(place, scaled, casting="unsafe")
        try:
            found = np.bincount(place, minlength=self.bins)
        # bincount refuses negative places. NaN becomes the lowest integer on x86 and 0 on ARM; bin 0 is
        # always looked at closely, so there NaN is found as well.
        except ValueError:  # some value is NaN, which has no place
            missing = np.isnan(block)
            if not missing.any():
                return block
            known = self._block(block[~missing], coarse, look, room)
            return np.concatenate((known, block[missing]))
        # Picking values out of a block costs more than counting all of it exactly, once they are many.
        if int(found[look].sum()) * _CLOSE > block.size:
            return block
        np.take(look, place, out=near, mode="clip")
        found[look] = 0
        coarse += found
        return block[near]

    def _count_exactly(self, values: Floats, nulls: int = 0) -> ColumnCounts:
        """Count any values, at some passes over them."""
        missing = np.isnan(values)
        known = values[~missing]
        infinite = int(np.isinf(known).sum())
        return ColumnCounts(
            nulls=nulls + int(missing.sum()),
            bins=np.bincount(self.place(known), minlength=self.bins + 2),
            deciles=cut(known, self.edges),
            beyond=self._beyond(known) - infinite,
            infinite=infinite,
            far=self._far(known) - infinite,
        )

    def _beyond(self, known: Floats) -> int:
        """Count what lies outside of the baseline's finite values; all infinite ones do."""
        if self.minimum is None or self.maximum is None:
            return known.size  # nothing finite was known
        return int(((known < self.minimum) | (known > self.maximum)).sum())

    def _far(self, known: Floats) -> int:
        """Count what lies farther outside than the range is wide; all infinite ones do."""
        low, high = far_from(self.minimum, self.maximum)
        return int(((known < low) | (known > high)).sum())

    def _of_whole_bins(self, coarse: CountArray) -> ColumnCounts:
        """Return the counts of inner bins that lie in one decile each, and next to no tail."""
        starts = np.searchsorted(self.place(self.edges), np.arange(1, self.bins + 1), side="left")
        deciles = np.bincount(starts, coarse, self.edges.size + 1).astype(np.int64)
        return ColumnCounts(nulls=0, bins=np.concatenate(([0], coarse, [0])), deciles=deciles)

    def _examined_bins(self) -> Bools:
        """Return which inner bins hold an edge of a decile or are next to a tail, shape (bins,).

        A bin follows from a value by steps that never change the order of two values, so that all others lie
        on one side of each edge; the outermost also hold what lies in the tails.
        """
        look = np.zeros(self.bins, dtype=np.bool_)
        look[[0, self.bins - 1]] = True
        look[np.clip(self.place(self.edges) - 1, 0, self.bins - 1)] = True
        return look

    @property
    def _scale(self) -> float:
        return self.bins / (self.high - self.low)


class _Blocks:
    """The memory that all blocks share."""

    def __init__(self) -> None:
        self.scaled: Floats = np.empty(_BLOCK)
        self.place: npt.NDArray[np.intp] = np.empty(_BLOCK, dtype=np.intp)
        self.near: Bools = np.empty(_BLOCK, dtype=np.bool_)

    def of(self, size: int) -> tuple[Floats, npt.NDArray[np.intp], Bools]:
        """Return so much of each."""
        return self.scaled[:size], self.place[:size], self.near[:size]


def cut(values: Floats, edges: Floats) -> CountArray:
    """Count values between edges, shape (edges + 1,)."""
    return np.bincount(np.searchsorted(edges, values, side="left"), minlength=edges.size + 1)


def far_from(minimum: float | None, maximum: float | None) -> tuple[float, float]:
    """Return below and above which numbers a value lies farther outside of a range than that is wide.

    A range of one number has no width: then nothing finite is far.
    """
    most = float(np.finfo(np.float64).max)
    if minimum is None or maximum is None or minimum == maximum:
        return -most, most
    with np.errstate(over="ignore"):
        span = np.float64(maximum) - np.float64(minimum)
        return max(float(minimum - span), -most), min(float(maximum + span), most)
