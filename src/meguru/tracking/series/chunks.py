"""SQL of chunks: many points of a series in one row.

A chunk begins behind the points that its series had when it was written, so no two of a series overlap. A
point that comes late is a row of its own, also where its place is within a chunk: whoever reads, merges.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from meguru.storage.db.raw import RawSql
from meguru.storage.statements import marks
from meguru.tracking.series.columns import Columns, PointPosition
from meguru.tracking.series.packed import pack, unpack

MAX_POINTS = 4096
"""Of a chunk: so many are read or written in a few milliseconds."""
SMALL = MAX_POINTS // 8
"""A chunk of fewer points counts as unchunked: it could be joined with others."""
MIN_POINTS = 32
"""Fewer points that come together stay rows."""
_COLUMNS = ("series", "step", "at", "last_step", "last_at", "count", "minimum", "maximum", "data")
_INSERT = f"INSERT INTO run_chunk ({', '.join(_COLUMNS)}) VALUES ({marks(len(_COLUMNS))})"  # noqa: S608
_ORDER = "ORDER BY series, step, at"
_AT_ONCE = 8
"""Chunks that are read by one statement: half a megabyte at most."""
_READ = "SELECT step, at, last_step, last_at, count, data FROM run_chunk"


class Chunk(NamedTuple):
    """A chunk as it is stored: the places of its ends, how many points, and they themselves."""

    step: int
    at: int
    last_step: int
    last_at: int
    size: int
    data: bytes

    def last(self) -> PointPosition:
        """Return where its last point is."""
        return PointPosition(self.last_step, self.last_at, 0)

    def columns(self) -> Columns:
        """Return its points."""
        return unpack(self.data, self.step, self.at, self.size)


def rows(series: int, columns: Columns) -> list[tuple[Any, ...]]:
    """Return the rows of chunks of like size for points in order, each at a step and a time of its own.

    Raises
    ------
    OverflowError
        If two neighbours are too far apart to be packed.
    """
    total = columns.size()
    count = -(-total // MAX_POINTS)
    ends = [total * number // count for number in range(count + 1)] if count else []
    return [_row(series, columns.part(*pair)) for pair in pairwise(ends)]


def _row(series: int, part: Columns) -> tuple[Any, ...]:
    (step, at, _), (last_step, last_at, _) = part.place(0), part.place(part.size() - 1)
    known = [value for value in part.values if value is not None]
    ends = min(known, default=None), max(known, default=None)
    return series, step, at, last_step, last_at, part.size(), *ends, pack(part)


def insert(raw: RawSql, given: Sequence[tuple[Any, ...]]) -> None:
    """Write rows of chunks."""
    if given:
        raw.executemany(_INSERT, given)


def delete(raw: RawSql, series: int, given: Sequence[Chunk]) -> None:
    """Take chunks away."""
    keys = [(series, chunk.step, chunk.at) for chunk in given]
    raw.executemany("DELETE FROM run_chunk WHERE series = ? AND step = ? AND at = ?", keys)


def behind(raw: RawSql, series: int, place: PointPosition | None) -> Iterator[Chunk]:
    """Yield, in order, the chunks that have a point behind a place; all, without a place."""
    # The chunk that begins last at or before the place may hold it; no earlier one does, as none overlap.
    start = (_holder(raw, series, place) or place[:2]) if place else ()
    where = "series = ?" + (" AND (step, at) >= (?, ?)" if start else "")
    values: tuple[int, ...] = (series, *start)
    while rows := raw.execute(f"{_READ} WHERE {where} {_ORDER} LIMIT {_AT_ONCE}", values).fetchall():
        for row in rows:
            chunk = Chunk(*row)
            if place is None or chunk.last() > place:
                yield chunk
        where, values = "series = ? AND (step, at) > (?, ?)", (series, *rows[-1][:2])


def touching(raw: RawSql, series: int, first: tuple[int, int], last: tuple[int, int]) -> Iterator[Chunk]:
    """Yield the chunks that reach into the stretch from one place to another."""
    for chunk in behind(raw, series, PointPosition(*first, -1)):
        if (chunk.step, chunk.at) > last:
            return
        yield chunk


def backwards(raw: RawSql, series: int, *, before: int | None = None) -> Iterator[Chunk]:
    """Yield the chunks from the last one on; with `before`, those that begin at this step or earlier."""
    where = "series = ?" + ("" if before is None else " AND step <= ?")
    values: tuple[int, ...] = (series,) if before is None else (series, before)
    down = _ORDER.replace(",", " DESC,") + " DESC"
    while row := raw.execute(f"{_READ} WHERE {where} {down} LIMIT 1", values).fetchone():
        yield Chunk(*row)
        where, values = "series = ? AND (step, at) < (?, ?)", (series, *row[:2])


def _holder(raw: RawSql, series: int, place: tuple[int, ...]) -> tuple[int, int] | None:
    """Return where the chunk begins that begins last at or before a place."""
    sql = (
        "SELECT step, at FROM run_chunk WHERE series = ? AND (step, at) <= (?, ?) "
        "ORDER BY series DESC, step DESC, at DESC LIMIT 1"
    )
    row = raw.execute(sql, (series, *place[:2])).fetchone()
    return None if row is None else (row[0], row[1])
