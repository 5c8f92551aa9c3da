"""The diff between the rows that are online and those that are to be, as rows to write and to retract."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple, cast

import numpy as np
import polars as pl

from meguru.features.materialization.newest import CREATED, EVENT
from meguru.features.online.base import Retraction, RowColumns
from meguru.features.online.keys import KeyLayout
from meguru.features.online.layout import Layout

CHUNK = 20_000
_OLD, _NEW = "__old__", "__new__"


class OnlineChanges(NamedTuple):
    """Rows to write, and rows that are not true any more; both by key, and always found in this order."""

    put: pl.DataFrame
    gone: pl.DataFrame

    @property
    def total(self) -> int:
        """Rows to write, and those to take out that nothing replaces."""
        return self.put.height + self.gone.height


def changes(before: pl.DataFrame | None, after: pl.DataFrame, keys: Sequence[str]) -> OnlineChanges:
    """Compare what is online with what is to be; rows are equal only if all their bits are.

    Parameters
    ----------
    before, after
        One row for each entity: keys, times, features. None: nothing is online.
    keys
        The columns of the key.
    """
    if before is None:
        return OnlineChanges(after, after.clear())
    if before.schema != after.schema:
        return OnlineChanges(after, before)
    names = list(keys)
    old = before.select(names).with_row_index(_OLD)
    matched = (
        after.select(names)
        .with_row_index(_NEW)
        .join(old, on=names, how="full", coalesce=True, nulls_equal=True)
    )
    both = matched.drop_nulls()
    same = _same(after[both[_NEW]], before[both[_OLD]])
    changed = both.filter(pl.Series(~same))
    put = pl.concat([changed[_NEW], matched.filter(pl.col(_OLD).is_null())[_NEW]]).sort()
    gone = pl.concat([changed[_OLD], matched.filter(pl.col(_NEW).is_null())[_OLD]]).sort()
    return OnlineChanges(after[put], before[gone])


def _same(one: pl.DataFrame, other: pl.DataFrame) -> np.ndarray:
    same = np.ones(one.height, dtype=bool)
    for name in one.columns:
        same &= _same_bits(one[name], other[name])
    return same


def _same_bits(one: pl.Series, other: pl.Series) -> np.ndarray:
    """Tell where two columns have the same bits: 0.0 and -0.0 are not the same, nor are two sorts of NaN."""
    if one.dtype.is_float():
        whole = np.int64 if one.dtype == pl.Float64 else np.int32
        bits = [each.fill_null(0.0).to_numpy().view(whole) for each in (one, other)]
        found: np.ndarray = (bits[0] == bits[1]) & (one.is_null() == other.is_null()).to_numpy()
        return found
    if one.dtype.is_nested():
        layout = Layout({one.name: one.dtype})
        pairs = zip(layout.pack(one.to_frame()), layout.pack(other.to_frame()), strict=True)
        return np.array([first == second for first, second in pairs], dtype=bool)
    return one.eq_missing(other).to_numpy()


class PackedChunk(NamedTuple):
    """A part of the changes, as a store takes them."""

    rows: RowColumns
    retract: list[Retraction]
    size: int


def packed_chunks(
    found: OnlineChanges, keys: KeyLayout, layout: Layout, before: Layout, *, skip: int = 0
) -> Iterator[PackedChunk]:
    """Give the changes packed, so many rows at a time; the first `skip` are left out.

    A row that replaces another is in one part with it. `before` packs as the store has it what is taken out.
    """
    # By key: what is taken out of a store and what replaces it have to be written in one call.
    gone = packed(found.gone, keys, before)
    left = {row[0]: Retraction(*row[:3], row[4]) for row in gone.rows()}
    put = found.put.height
    for start in range(skip, put, CHUNK):
        rows = packed(found.put.slice(start, CHUNK), keys, layout)
        retract = [left.pop(key) for key in rows.keys if key in left] if left else []
        yield PackedChunk(rows, retract, len(rows.keys))
    rest = list(left.values())
    for start in range(0, len(rest), CHUNK):
        part = rest[start : start + CHUNK]
        yield PackedChunk(RowColumns.of([]), part, len(part))


def packed(frame: pl.DataFrame, keys: KeyLayout, layout: Layout) -> RowColumns:
    """Pack rows of a frame with keys, times and features; one without a key is nobody's."""
    names, values = keys.of_frame(frame), layout.pack(frame)
    events, created = frame[EVENT].to_list(), frame[CREATED].to_list()
    zeros = [0] * frame.height
    if None not in names:
        return RowColumns(cast("list[bytes]", names), events, created, zeros, values)
    rows = zip(names, events, created, zeros, values, strict=True)
    return RowColumns.of([(row[0], *row[1:]) for row in rows if row[0] is not None])
