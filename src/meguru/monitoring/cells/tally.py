"""Add the rows of one model to vectors of counts, one vector an hour; what nobody else does so often."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from meguru.monitoring.cells.layout import (
    BEYOND,
    FAR,
    FIXED,
    INFINITE,
    NULLS,
    ODD,
    THERE,
    UNRANKED,
    BinLayout,
    Counts,
    Segment,
    fits,
)
from meguru.stats import NumericProfile, tally_column
from meguru.stats.arrays import Floats
from meguru.stats.profile import TimeProfile
from meguru.stats.profile.tally import far_from
from meguru.stats.profile.times import missing_and_invalid_times

if TYPE_CHECKING:
    import polars as pl

CHUNK_VALUES = 65_536
"""So many values of numeric columns are looked at together: they stay in the processor's cache."""
_PYTHON_LOOKUP_ROWS = 4_000
"""Of so many texts Python finds the slots sooner than Polars."""
_COLUMNWISE_ROWS = 4_000
"""Of so many rows an hour, columns one by one are counted sooner than side by side."""
Slots = npt.NDArray[np.int64]


def tally_rows(layout: BinLayout, frame: pl.DataFrame, hours: Slots, count: int) -> Counts:
    """Count rows over the bins of their baseline.

    Parameters
    ----------
    layout
        Of the model that answered all of them.
    frame
        The rows.
    hours
        Shape (rows,): of which hour each is, ascending from 0.
    count
        How many hours there are.

    Returns
    -------
    Counts
        Shape (count, layout.size). The bins are those of `tally_column`, to the row.
    """
    # Two ways to the same counts: for few rows an hour the overhead of a call for each column dominates, for
    # many the memory traffic of the side-by-side table does.
    if frame.height > _COLUMNWISE_ROWS * count:
        ends = np.searchsorted(hours, np.arange(count), side="right").tolist()
        parts = [frame[start:end] for start, end in zip([0, *ends[:-1]], ends, strict=True)]
        return np.stack([_by_column(layout, part) for part in parts])
    found = np.zeros((count, layout.size), dtype=np.int64)
    numeric: list[Segment] = []
    rows = np.bincount(hours, minlength=count)
    for segment in layout.segments:
        if segment.name not in frame.columns:
            found[:, segment.start + NULLS] = rows
            continue
        found[:, segment.start + THERE] = rows
        column = frame.get_column(segment.name)
        if isinstance(segment.profile, TimeProfile):
            _times(found, segment, column, hours)
        elif not fits(segment.profile, column.dtype):
            _odd(found, segment, column, hours)
        elif isinstance(segment.profile, NumericProfile):
            numeric.append(segment)
        else:
            _add(found, segment, _categories(segment, column), hours)
    if numeric:
        names = tuple(each.name for each in numeric)
        prepared: _Numbers = layout.prepared.get(names) or _Numbers(numeric)
        layout.prepared[names] = prepared
        prepared.add(found, frame, hours)
    return found


def _by_column(layout: BinLayout, frame: pl.DataFrame) -> Counts:
    """Count many rows of one hour, a column at a time."""
    found = np.zeros(layout.size, dtype=np.int64)
    for segment in layout.segments:
        mine = found[segment.start : segment.end]
        if segment.name not in frame.columns:
            mine[NULLS] = frame.height
            continue
        column = frame.get_column(segment.name)
        mine[THERE], mine[NULLS] = frame.height, column.null_count()
        if isinstance(segment.profile, TimeProfile):
            mine[NULLS], mine[ODD] = missing_and_invalid_times(column)
            continue
        if not fits(segment.profile, column.dtype):
            mine[ODD] = column.len() - column.null_count()
            continue
        counted = tally_column(segment.profile, column)
        mine[NULLS], mine[INFINITE] = counted.nulls, counted.infinite
        mine[FIXED : FIXED + segment.bins] = counted.bins
        if segment.deciles:
            mine[BEYOND], mine[FAR], mine[UNRANKED] = counted.beyond, counted.far, counted.nulls
            mine[FIXED + segment.bins :] = counted.deciles
    return found


def _odd(found: Counts, segment: Segment, column: pl.Series, hours: Slots) -> None:
    """Count values of another type; those of a column without any are simply not there."""
    nulls = column.is_null().to_numpy()
    found[:, segment.start + NULLS] += np.bincount(hours[nulls], minlength=len(found))
    found[:, segment.start + ODD] += np.bincount(hours[~nulls], minlength=len(found))


def _times(found: Counts, segment: Segment, column: pl.Series, hours: Slots) -> None:
    """Count what is missing among dates and times, and what is none."""
    for hour in range(len(found)):
        mine = column.filter(hours == hour)
        found[hour, [segment.start + NULLS, segment.start + ODD]] += missing_and_invalid_times(mine)


def _add(found: Counts, segment: Segment, slots: Slots, hours: Slots) -> None:
    width = segment.end - segment.start
    counted = np.bincount(hours * width + slots, minlength=len(found) * width)
    found[:, segment.start : segment.end] += counted.reshape(len(found), width)


def _categories(segment: Segment, column: pl.Series) -> Slots:
    """Return the slot of each value within the column's segment, shape (rows,)."""
    import polars as pl

    slots = segment.categories
    text = column if column.dtype == pl.String else column.cast(pl.String)
    if column.len() <= _PYTHON_LOOKUP_ROWS:
        return np.array([*map(slots.__getitem__, text.to_list())], dtype=np.int64)
    found = text.replace_strict(
        list(slots), list(slots.values()), default=slots.other, return_dtype=pl.UInt16
    )
    return found.to_numpy().astype(np.int64)


class _Numbers:
    """Numeric columns side by side: what costs a call for each column costs one for all."""

    def __init__(self, segments: list[Segment]) -> None:
        self.segments = segments
        profiles = [segment.profile for segment in segments if isinstance(segment.profile, NumericProfile)]
        bins = np.array([len(profile.counts) - 2 for profile in profiles], dtype=np.float64)
        low = np.array([profile.low for profile in profiles])
        high = np.array([profile.high for profile in profiles])
        with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
            scale = np.where(bins == 1, 0.0, bins / (high - low))
        self.low, self.high, self.last, self.scale = (each[:, None] for each in (low, high, bins - 1, scale))
        self.least = np.array(
            [[np.inf if profile.minimum is None else profile.minimum] for profile in profiles]
        )
        self.most = np.array(
            [[-np.inf if profile.maximum is None else profile.maximum] for profile in profiles]
        )
        far = [far_from(profile.minimum, profile.maximum) for profile in profiles]
        self.far_below, self.far_above = (np.array(each)[:, None] for each in zip(*far, strict=True))
        deepest = max(len(profile.edges) for profile in profiles)
        padded = [[*profile.edges, *[np.inf] * (deepest - len(profile.edges))] for profile in profiles]
        self.edges = np.array(padded).reshape(len(profiles), deepest)
        self.start = np.array([[segment.start] for segment in segments], dtype=np.int64)
        self.decile = self.start + np.array([[FIXED + segment.bins] for segment in segments])
        self.top = (FIXED + bins + 1).astype(np.int64)[:, None]

    def add(self, found: Counts, frame: pl.DataFrame, hours: Slots) -> None:
        import polars as pl

        size, step = found.shape[1], max(1, CHUNK_VALUES // len(self.segments))
        flat = found.reshape(-1)
        values = np.empty((len(self.segments), frame.height))
        for row, each in enumerate(self.segments):
            column = frame.get_column(each.name)
            known = column if column.dtype == pl.Float64 else column.cast(pl.Float64)
            values[row] = (known.fill_null(np.nan) if known.null_count() else known).to_numpy()
        for at in range(0, frame.height, step):
            # In chunks that fit into the cache, each one `bincount` over all columns: a slot is unique by the
            # start of its column and its hour.
            base = hours[at : at + step] * size
            for slots in self._slots(values[:, at : at + step]):
                lowest = int(base.min())
                counted = np.bincount((slots + (base - lowest)).ravel())
                flat[lowest : lowest + counted.size] += counted
            self._add_rare(flat, values[:, at : at + step], base)

    def _slots(self, values: Floats) -> tuple[Slots, Slots]:
        """Return the slot of each value among the bins, and among the deciles, shape (columns, rows)."""
        missing = np.isnan(values)
        # An infinity of a column that was constant is no number here (its scale is 0), and any integer by the
        # cast: the two comparisons below put it where it belongs.
        with np.errstate(over="ignore", invalid="ignore"):
            scaled = (values - self.low) * self.scale
            # Clipped before the cast: what is infinite or far out would overflow an integer.
            np.clip(scaled, 0, self.last, out=scaled)
            scaled[missing] = 0
            slots = scaled.astype(np.int64)
        slots += FIXED + 1
        slots[values < self.low] = FIXED
        np.copyto(slots, self.top, where=values > self.high)
        slots[missing] = NULLS
        slots += self.start
        decile = np.zeros(values.shape, dtype=np.int64)
        for edge in self.edges.T:
            decile += values > edge[:, None]
        decile += self.decile
        np.copyto(decile, self.start + UNRANKED, where=missing)
        return slots, decile

    def _add_rare(self, flat: Counts, values: Floats, base: Slots) -> None:
        # Rare, so counted apart: for nearly all chunks this one comparison is all that it costs.
        beyond = (values < self.least) | (values > self.most)
        if not beyond.any():
            return
        infinite = np.isinf(values)
        far = ((values < self.far_below) | (values > self.far_above)) & ~infinite
        for place, mask in ((BEYOND, beyond & ~infinite), (FAR, far), (INFINITE, infinite)):
            column, row = np.nonzero(mask)
            np.add.at(flat, self.start[column, 0] + place + base[row], 1)
