"""The two sides that a test compares: values, counts over a baseline's bins, or counts of categories."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from meguru.stats.arrays import Floats
from meguru.stats.drift.counts import merge_neighbours
from meguru.stats.profile.categorical import CategoricalProfile
from meguru.stats.profile.counts import ColumnCounts
from meguru.stats.profile.numeric import NumericProfile

_COARSE = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class SampledValues:
    """The numbers themselves, shapes (n,) and (m,), finite and ascending; at least one on each side."""

    reference: Floats
    current: Floats

    @property
    def sizes(self) -> tuple[int, int]:
        """How many values there are on each side."""
        return self.reference.size, self.current.size

    def binned(self) -> BinnedValues:
        """Count both sides over the bins that a profile of the reference has."""
        profile = NumericProfile.of(self.reference)
        return BinnedValues(profile=profile, then=profile.own(), now=profile.tally(self.current))


@dataclass(frozen=True, slots=True, kw_only=True)
class BinnedValues:
    """Counts over the bins of a numeric baseline, when it was made and now."""

    profile: NumericProfile
    then: ColumnCounts
    now: ColumnCounts

    @property
    def sizes(self) -> tuple[int, int]:
        """How many values there are on each side."""
        return self.then.count, self.now.count

    def binned(self) -> BinnedValues:
        """Return itself."""
        return self

    def fine(self) -> tuple[Floats, Floats]:
        """Return counts over all bins, the two tails included, shapes (bins + 2,)."""
        return self.then.bins.astype(np.float64), self.now.bins.astype(np.float64)

    def coarse(self) -> tuple[Floats, Floats]:
        """Return counts over 32 bins of equal width and the two tails; fewer where they expect few rows."""
        # Of 1,024 bins most hold too few rows for a logarithm; 32 of them together are enough to see a shape.
        first, second = (_grouped(each) for each in self.fine())
        return merge_neighbours(first, second)

    def deciles(self) -> tuple[Floats, Floats]:
        """Return counts over the baseline's deciles, missing values as one bin more if there are any.

        Neighbours that expect few rows are one.
        """
        first, second = (each.deciles.astype(np.float64) for each in (self.then, self.now))
        return _with_nulls(*merge_neighbours(first, second), self.then.nulls, self.now.nulls)


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryCounts:
    """Rows of the same categories in the same order, shapes (categories,), and those without a value."""

    reference: Floats
    current: Floats
    nulls_reference: int = 0
    nulls_current: int = 0

    @classmethod
    def of(cls, then: ColumnCounts, now: ColumnCounts) -> CategoryCounts:
        """Take the counts over a baseline's categories."""
        return cls(
            reference=then.bins.astype(np.float64),
            current=now.bins.astype(np.float64),
            nulls_reference=then.nulls,
            nulls_current=now.nulls,
        )

    @property
    def sizes(self) -> tuple[int, int]:
        """How many rows with a value there are on each side."""
        return int(self.reference.sum()), int(self.current.sum())

    def with_nulls(self) -> tuple[Floats, Floats]:
        """Return the counts, missing values as one category more if there are any."""
        return _with_nulls(self.reference, self.current, self.nulls_reference, self.nulls_current)


TwoSides = SampledValues | BinnedValues | CategoryCounts


def two_sides(
    profile: NumericProfile | CategoricalProfile, then: ColumnCounts, now: ColumnCounts
) -> BinnedValues | CategoryCounts:
    """Return what a test compares of a column that was counted over its baseline's bins."""
    if isinstance(profile, NumericProfile):
        return BinnedValues(profile=profile, then=then, now=now)
    return CategoryCounts.of(then, now)


def _grouped(counts: Floats) -> Floats:
    inner = counts[1:-1]
    if inner.size > _COARSE and not inner.size % _COARSE:
        inner = inner.reshape(_COARSE, -1).sum(axis=1)
    return np.concatenate((counts[:1], inner, counts[-1:]))


def _with_nulls(before: Floats, after: Floats, missed: int, misses: int) -> tuple[Floats, Floats]:
    if not missed and not misses:
        return before, after
    # What is missing more often is a change like any other.
    return np.append(before, missed), np.append(after, misses)
