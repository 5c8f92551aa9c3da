"""Loose points are joined into chunks, in strokes of a few milliseconds, when nobody else needs the time.

A stroke is one transaction that holds the run as whoever appends does. A reader sees the points before it or
after it, and they are the same.
"""

from __future__ import annotations

import logging
import time
from operator import itemgetter
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from meguru.base.ticker import Ticker
from meguru.storage.db.raw import RawSql
from meguru.tracking.schema import MIN_UNCHUNKED
from meguru.tracking.series import chunks
from meguru.tracking.series.append import WEIGHT
from meguru.tracking.series.chunks import Chunk
from meguru.tracking.series.columns import Columns, Found, PointPosition

if TYPE_CHECKING:
    from meguru.kernel.workspace import Workspace
    from meguru.storage.db import Database

log = logging.getLogger(__name__)
MAX_STROKE = 4 * chunks.MAX_POINTS
"""So many points are written in one stroke."""
QUIET_SECONDS = 1.0
"""How long nobody has to log before strokes follow one another; otherwise there is one now and then."""
_BREATH = 0.03
_DUE = f"SELECT run, id FROM run_series WHERE unchunked >= {MIN_UNCHUNKED} ORDER BY unchunked DESC LIMIT 1"  # noqa: S608


def due(tx: Connection) -> tuple[str, int] | None:
    """Return the run and the number of the series that is most worth joining; None if none is."""
    row = RawSql(tx).execute(_DUE).fetchone()
    return None if row is None else (row[0], row[1])


def join(tx: Connection, run: str, series: int) -> int:
    """Join some of the unchunked points of a series; return how many were written (0: none is left)."""
    raw = RawSql(tx)
    if not raw.is_sqlite:  # SQLite has one writer anyway
        raw.execute("SELECT 1 FROM run WHERE id = ? FOR UPDATE", (run,))
    rows, parts = _unchunked_rows(raw, series)
    if not rows:
        parts = _small_ones(raw, series)
    written, tied = _replace(raw, series, rows, parts)
    # Nothing could be joined: 0, or the same series would be the one most worth it for ever.
    less = "CASE WHEN unchunked > ? THEN unchunked - ? ELSE 0 END" if written else "0"
    values = [*([tied] * 2 * bool(written)), series]
    raw.execute(f"UPDATE run_series SET unchunked = {less} WHERE id = ?", values)  # noqa: S608
    return written


def _unchunked_rows(raw: RawSql, series: int) -> tuple[list[Found], list[Chunk]]:
    """Return the first unchunked rows, and the chunks that they are within, or come directly behind.

    Few rows are left as they are.
    """
    # Of points at one place only the first: a chunk has no `seq`, so that the others stay rows.
    sql = (
        "SELECT step, at, seq, value FROM run_point WHERE series = ? AND seq = 0 "
        "ORDER BY series, step, at LIMIT ?"
    )
    rows: list[Found] = raw.execute(sql, (series, chunks.MAX_POINTS)).fetchall()
    parts: list[Chunk] = []
    if len(rows) < MIN_UNCHUNKED:
        return [], parts
    before = next(chunks.backwards(raw, series, before=rows[0][0]), None)
    if before and before.size < chunks.SMALL and (before.last_step, before.last_at) < rows[0][:2]:
        parts.append(before)
    for chunk in chunks.touching(raw, series, rows[0][:2], rows[-1][:2]):
        if parts and sum(part.size for part in parts) + chunk.size > MAX_STROKE:
            # What is behind this chunk's begin is for the next stroke.
            return [row for row in rows if row[:2] < (chunk.step, chunk.at)], parts
        parts += [chunk] if chunk not in parts else []
    return rows, parts


def _small_ones(raw: RawSql, series: int) -> list[Chunk]:
    """Return a small chunk that is not the last, and those behind it; nothing if there is none."""
    sql = "SELECT step, at FROM run_chunk WHERE series = ? AND count < ? ORDER BY series, step, at LIMIT 1"
    row = raw.execute(sql, (series, chunks.SMALL)).fetchone()
    parts: list[Chunk] = []
    if row is None:
        return parts
    for chunk in chunks.behind(raw, series, PointPosition(row[0], row[1], -1)):
        size = sum(part.size for part in parts)
        if size + chunk.size > MAX_STROKE or (size >= chunks.SMALL <= chunk.size):
            break
        parts.append(chunk)
    return parts if len(parts) > 1 else []


def _replace(raw: RawSql, series: int, rows: list[Found], parts: list[Chunk]) -> tuple[int, int]:
    """Write rows and chunks as new chunks; return how many points, and how many fewer are unchunked."""
    joined = Columns.joined([part.columns() for part in parts])
    if rows:
        joined = Columns.of_rows(sorted([*rows, *joined.rows()], key=itemgetter(0, 1)))
    try:
        new = chunks.rows(series, joined)
    except OverflowError:
        return 0, 0
    chunks.delete(raw, series, parts)
    if rows:
        where = "series = ? AND seq = 0 AND (step, at) >= (?, ?) AND (step, at) <= (?, ?)"
        raw.execute(f"DELETE FROM run_point WHERE {where}", (series, *rows[0][:2], *rows[-1][:2]))  # noqa: S608
    chunks.insert(raw, new)
    fewer = sum(part.size < chunks.SMALL for part in parts) - (0 < joined.size() < chunks.SMALL)
    return joined.size(), len(rows) + WEIGHT * fewer


class Joiner(Ticker):
    """Joins unchunked points until it is stopped."""

    name = "joining of points"
    pause = QUIET_SECONDS

    def __init__(self, db: Database) -> None:
        self._db = db
        self._mine = 0.0

    def tick(self) -> None:
        """Make a stroke; one behind the other while nobody else writes."""
        # Whether anybody but this thread has written since: joining must never make those wait who log.
        others, self.pause = self._db.last_write, QUIET_SECONDS
        quiet = others == self._mine or time.monotonic() - others > QUIET_SECONDS
        if self._stroke() and quiet:
            self.pause = _BREATH

    def _stroke(self) -> bool:
        with self._db.read() as tx:
            found = due(tx)
        if found is None:
            return False
        with self._db.write() as tx:
            join(tx, *found)
        self._mine = self._db.last_write
        return True


def joiner(ws: Workspace) -> Joiner:
    """Return the thread's work for a workspace."""
    return Joiner(ws.db)
