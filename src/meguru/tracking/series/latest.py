"""The end of a series, read from behind."""

from __future__ import annotations

from itertools import islice
from operator import itemgetter

from sqlalchemy import Connection

from meguru.storage.db.raw import RawSql
from meguru.tracking.series import chunks
from meguru.tracking.series.columns import Found
from meguru.tracking.series.read import ROW, StepRange
from meguru.tracking.series.summaries import series_of


def tail(tx: Connection, run: str, key: str, *, limit: int) -> list[tuple[int, float | None]]:
    """Return (step, value) of the points of the highest steps, by step."""
    known = series_of(tx, run, key)
    if known is None:
        return []
    raw = RawSql(tx)
    sql = (
        f"SELECT {ROW} FROM run_point WHERE series = ? "  # noqa: S608 - names of ours
        "ORDER BY series DESC, step DESC, at DESC, seq DESC LIMIT ?"
    )
    found: list[Found] = [tuple(row) for row in raw.execute(sql, (known[0], limit)).fetchall()]
    wanted = limit
    for chunk in chunks.backwards(raw, known[0]):
        found += chunk.columns().rows()
        wanted -= chunk.size
        if wanted <= 0:
            break
    return [(step, value) for step, _, _, value in sorted(found, key=itemgetter(0, 1, 2))[-limit:]]


def last(tx: Connection, series: int, *, window: StepRange | None) -> Found | None:
    """Return the last point, of those between two steps if given."""
    raw = RawSql(tx)
    low, high = window or (-(2**63), 2**63 - 1)
    sql = (
        f"SELECT {ROW} FROM run_point WHERE series = ? AND step BETWEEN ? AND ? "  # noqa: S608 - names of ours
        "ORDER BY series DESC, step DESC, at DESC, seq DESC LIMIT 1"
    )
    row = raw.execute(sql, (series, low, high)).fetchone()
    found: list[Found] = [tuple(row)] if row else []
    chunk = next(chunks.backwards(raw, series, before=high), None)
    if chunk:
        found += islice(reversed(list(chunk.columns().between(low, high).rows())), 1)
    return max(found, key=itemgetter(0, 1, 2), default=None)
