"""Where in a cell's vector each count of each column stands."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from meguru.base import digests
from meguru.stats import CategoricalProfile, ColumnCounts, ColumnProfile, NumericProfile, TableProfile
from meguru.stats.profile import TimeProfile

if TYPE_CHECKING:
    import polars as pl

Counts = npt.NDArray[np.int64]
NULLS, BEYOND, FAR, INFINITE, ODD, THERE, UNRANKED, FIXED = range(8)
"""Before the bins of a column: rows without a value, beyond the baseline, far beyond it, infinite, of another
type than the baseline's, rows that had the column at all, and numbers that have no decile: missing ones."""


class CategorySlots(dict[str | None, int]):
    """The slot of each category; of one that the baseline does not name, that of all others."""

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__({None: NULLS} | {name: FIXED + index for index, name in enumerate(names)})
        self.other = FIXED + len(names)

    def __missing__(self, key: str | None) -> int:
        return self.other


class Segment(NamedTuple):
    """A column's part of the vector: `FIXED` counts, its bins, and of numbers its deciles."""

    name: str
    profile: ColumnProfile | TimeProfile
    start: int
    bins: int
    deciles: int
    categories: CategorySlots

    @property
    def end(self) -> int:
        """Where the next column begins."""
        return self.start + FIXED + self.bins + self.deciles


@dataclass(frozen=True)
class BinLayout:
    """The bins of all columns of a baseline, one after another."""

    profile: TableProfile | None
    prepared: dict[tuple[str, ...], Any] = field(default_factory=dict, compare=False, repr=False)
    """What counting some columns side by side needs, by their names: it is the same for the next rows."""

    @cached_property
    def segments(self) -> tuple[Segment, ...]:
        """The columns in the order of the baseline."""
        found, start = [], 0
        for name, each in (self.profile.columns if self.profile else {}).items():
            if isinstance(each, NumericProfile):
                bins, deciles, named = len(each.counts), len(each.edges) + 1, []
            else:
                bins, deciles, named = len(each.top) + 1, 0, [category for category, _ in each.top]
            found.append(Segment(name, each, start, bins, deciles, CategorySlots(named)))
            start = found[-1].end
        for name, times in (self.profile.times if self.profile else {}).items():
            found.append(Segment(name, times, start, 0, 0, CategorySlots([])))
            start = found[-1].end
        return tuple(found)

    @cached_property
    def size(self) -> int:
        """How long a vector is."""
        return self.segments[-1].end if self.segments else 0

    @cached_property
    def digest(self) -> str:
        """Names the bins: vectors of one digest add up."""
        return digests.of_value([[segment.name, *_bins(segment.profile)] for segment in self.segments])[:16]

    def read(self, vector: Counts) -> Iterator[tuple[Segment, ColumnCounts, int, int]]:
        """Give each column's counts, how many of its values are of another type, and its rows."""
        vector = vector.astype(np.int64, copy=False)  # one that was read or just counted may be narrow
        for segment in self.segments:
            mine = vector[segment.start : segment.end]
            bins = mine[FIXED : FIXED + segment.bins]
            is_whole = isinstance(segment.profile, CategoricalProfile) and not segment.profile.other
            counts = ColumnCounts(
                nulls=int(mine[NULLS]),
                bins=bins,
                deciles=mine[FIXED + segment.bins :] if segment.deciles else bins,
                beyond=int(bins[-1]) if is_whole else int(mine[BEYOND]),
                infinite=int(mine[INFINITE]),
                far=int(mine[FAR]),
            )
            yield segment, counts, int(mine[ODD]), int(mine[THERE])


def _bins(profile: ColumnProfile | TimeProfile) -> list[Any]:
    if isinstance(profile, TimeProfile):
        return ["times"]
    if isinstance(profile, CategoricalProfile):
        return [[name for name, _ in profile.top]]
    names = ("low", "high", "minimum", "maximum", "edges")
    return [len(profile.counts), *(getattr(profile, name) for name in names)]


def fits(profile: ColumnProfile | TimeProfile, dtype: pl.DataType) -> bool:
    """Tell whether values of a type can be counted over a baseline's bins."""
    from meguru.stats.profile.columns import kind_of

    return kind_of(dtype) == ("numeric" if isinstance(profile, NumericProfile) else "categorical")
