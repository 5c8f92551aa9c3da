"""The points of a series in their order: chunks and rows, merged.

They are read some thousand at a time, so no series is too long for the memory.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from operator import itemgetter

from sqlalchemy import Connection

from meguru.storage.db.raw import RawSql
from meguru.tracking.series import chunks
from meguru.tracking.series.columns import Columns, Found, PointPosition

StepRange = tuple[int, int]
ROW = "step, at, seq, value"
_FIRST_SEQ = -1
"""Before every point of a step and time: as a bound, it includes them all."""


def pieces(
    tx: Connection,
    series: int,
    *,
    after: PointPosition | None = None,
    window: StepRange | None = None,
    limit: int | None = None,
) -> Iterator[Columns]:
    """Yield the points of a series, a few thousand at a time, while the transaction is open.

    Parameters
    ----------
    after
        Begin behind this place.
    window
        Only the points from one step to another, both included.
    limit
        End after so many points.
    """
    if window:
        before = PointPosition(window[0], -(2**63), _FIRST_SEQ)
        after = before if after is None else max(before, after)
    left = limit
    for piece in _merged(RawSql(tx), series, after):
        part = piece.later_than(after) if after and piece.place(0) <= after else piece
        if window and part.size():
            part = part.between(*window)
            if not part.size():
                return
        if left is not None:
            part = part.part(0, left)
            left -= part.size()
        if part.size():
            yield part
        if left == 0:
            return


def by_time(tx: Connection, series: int, *, limit: int) -> list[Found]:
    """Return the first points by time."""
    found: list[Found] = []
    for piece in pieces(tx, series):
        if len(found) >= limit and min(piece.times) > found[limit - 1][1]:
            continue
        found = sorted([*found, *piece.rows()], key=itemgetter(1, 0, 2))[:limit]
    return found


def _merged(raw: RawSql, series: int, after: PointPosition | None) -> Iterator[Columns]:
    """Yield all points that are behind a place, and perhaps some before it, in order."""
    rows = _Rows(raw, series, after)
    for chunk in chunks.behind(raw, series, after):
        columns = chunk.columns()
        # Late rows are few, and within a chunk rarer still: only then its columns are taken apart and sorted.
        while early := rows.until(PointPosition(chunk.step, chunk.at, _FIRST_SEQ)):
            yield Columns.of_rows(early)
        inner: list[Found] = []
        while some := rows.until(chunk.last()):
            inner += some
        yield _with(columns, inner) if inner else columns
    while rest := rows.until(None):
        yield Columns.of_rows(rest)


def _with(columns: Columns, rows: Sequence[Found]) -> Columns:
    return Columns.of_rows(sorted([*columns.rows(), *rows], key=itemgetter(0, 1, 2)))


class _Rows:
    """The rows of a series in order, taken up to a place."""

    def __init__(self, raw: RawSql, series: int, after: PointPosition | None) -> None:
        self._raw, self._series = raw, series
        self._after: tuple[int, ...] = after or ()
        self._next: list[Found] = []
        self._over = False

    def until(self, place: PointPosition | None) -> list[Found]:
        """Return the next rows up to a place, some thousand at most; none when there is no more."""
        if not self._next and not self._over:
            self._next = self._fetch()
        rows, self._next = self._next, []
        if rows and place is not None and rows[-1][:3] > place:
            count = bisect_right(rows, tuple(place), key=itemgetter(0, 1, 2))
            rows, self._next = rows[:count], rows[count:]
        return rows

    def _fetch(self) -> list[Found]:
        later = " AND (step, at, seq) > (?, ?, ?)" if self._after else ""
        sql = (
            f"SELECT {ROW} FROM run_point WHERE series = ?{later} "  # noqa: S608 - names of ours
            f"ORDER BY series, step, at, seq LIMIT {chunks.MAX_POINTS}"
        )
        rows: list[Found] = self._raw.execute(sql, (self._series, *self._after)).fetchall()
        self._over = len(rows) < chunks.MAX_POINTS
        if rows:
            self._after = rows[-1][:3]
        return rows
