"""Points that are added one by one as Meguru means them, and forgotten again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import takewhile

from sqlalchemy import Connection

from meguru.storage.db.raw import RawSql
from meguru.tracking.series import chunks
from meguru.tracking.series.append import append
from meguru.tracking.series.columns import Columns, SeriesPoint
from meguru.tracking.series.latest import last
from meguru.tracking.series.summaries import series_of
from meguru.tracking.series.times import micros
from meguru.tracking.types import MetricPoint


def add(tx: Connection, run: str, given: Sequence[MetricPoint], now: datetime) -> None:
    """Append points to a run that is held, all of them; points without a time get `now`."""
    groups: dict[str, list[SeriesPoint]] = {}
    for point in given:
        groups.setdefault(point.key, []).append((point.step, micros(point.at or now), point.value))
    append(tx, run, {key: Columns.of_points(rows) for key, rows in groups.items()}, once=False)


def truncate_from(tx: Connection, run: str, key: str, step: int) -> None:
    """Forget the points of a series from a step on: they are about to be made again."""
    raw, found = RawSql(tx), series_of(tx, run, key)
    if found is None:
        return
    number = found[0]
    gone: int = raw.execute("DELETE FROM run_point WHERE series = ? AND step >= ?", (number, step)).rowcount
    # From the end: chunks are in order and do not overlap, so that the first that ends before it is the last.
    cut = list(takewhile(lambda chunk: chunk.last_step >= step, chunks.backwards(raw, number)))
    if not gone and not cut:
        return
    chunks.delete(raw, number, cut)
    for chunk in cut:
        kept = chunk.columns().before(step)
        chunks.insert(raw, chunks.rows(number, kept))
    _sum_up(tx, raw, number)


def _sum_up(tx: Connection, raw: RawSql, number: int) -> None:
    counts, least, most = [], [], []
    for sql in (
        "SELECT count(*), min(value), max(value) FROM run_point WHERE series = ?",
        "SELECT coalesce(sum(count), 0), min(minimum), max(maximum) FROM run_chunk WHERE series = ?",
    ):
        count, low, high = raw.execute(sql, (number,)).fetchone()
        counts.append(int(count))
        least += [low] if low is not None else []
        most += [high] if high is not None else []
    newest = last(tx, number, window=None)
    if newest is None:
        raw.execute("DELETE FROM run_series WHERE id = ?", (number,))
        return
    step, at, _, value = newest
    fields = "value = ?, step = ?, at = ?, count = ?, minimum = ?, maximum = ?"
    values = (value, step, at, sum(counts), min(least, default=None), max(most, default=None), number)
    raw.execute(f"UPDATE run_series SET {fields} WHERE id = ?", values)  # noqa: S608
