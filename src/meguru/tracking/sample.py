"""A few points that show a long series as it is: even ones, its ends, its extremes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection

from meguru.storage.db.raw import Raw

FEW = 10_000
"""A series of so many points is read and thinned; of a longer one the database picks the extremes."""
_COLUMNS = "step, at, seq, value"
_ORDER = "ORDER BY series, step, at, seq"
Found = tuple[int, int, int, float | None]
"""A point's step, its microsecond since 1970, its number among those of both, its value."""
Window = tuple[int, int] | None


def of_series(tx: Connection, series: int, *, window: Window = None, limit: int) -> list[Found]:
    """Return at most `limit` points in order, between two steps if given.

    The first and the last are among them, and so are the least and the greatest, if `limit` lets them. Up to
    10,000 points are thinned evenly, as MLflow does. A longer series is cut into stretches of equal length,
    and of each the least and the greatest are returned.
    """
    raw = Raw(tx)
    where, values = "series = ?", [series]
    if window:
        where, values = f"{where} AND step BETWEEN ? AND ?", [series, *window]
    sql = f"SELECT {_COLUMNS} FROM run_point WHERE {where} {_ORDER} LIMIT {FEW + 1}"  # noqa: S608 - names of ours
    rows = [tuple(row) for row in raw.execute(sql, values).fetchall()]
    if len(rows) <= FEW:
        return _thin(rows, limit)
    last = f"SELECT {_COLUMNS} FROM run_point WHERE {where} {_ORDER.replace(',', ' DESC,')} DESC LIMIT 1"  # noqa: S608
    ends = [rows[0], tuple(raw.execute(last, values).fetchone())]
    if limit < 4:  # two ends and two extremes
        return ends[-limit:] if limit < 2 else ends
    return sorted({*ends, *_extremes(raw, series, ends[0], ends[1], (limit - 2) // 2)}, key=_place)


def _thin(rows: list[Any], limit: int) -> list[Found]:
    if len(rows) <= limit:
        return rows
    if limit == 1:
        return rows[-1:]
    # The first of each of so many stretches, of which those before are longer by one; and the very last.
    length, longer = divmod(len(rows), limit)
    picked = [number * length + min(number, longer) for number in range(limit - 1)] + [len(rows) - 1]
    known = [index for index, row in enumerate(rows) if row[3] is not None]
    if known:
        # An extreme takes the place of the even point next to it; the ends stay.
        for extreme in (min(known, key=lambda at: rows[at][3]), max(known, key=lambda at: rows[at][3])):
            inner = picked[1:-1]
            if extreme not in picked and inner:
                picked[picked.index(min(inner, key=lambda at: abs(at - extreme)))] = extreme
    return [rows[index] for index in sorted(set(picked))]


def _extremes(raw: Raw, series: int, first: Found, last: Found, count: int) -> Iterator[Found]:
    """Yield the least and the greatest point of each stretch of steps; of time, if there is one step."""
    one_step = first[0] == last[0]
    same = f"series = {series:d}" + (f" AND step = {first[0]:d}" if one_step else "")
    name = "at" if one_step else "step"
    low, high = (first[1], last[1]) if one_step else (first[0], last[0])
    width = -(-(high - low + 1) // count)
    if not raw.is_sqlite:
        yield from _extremes_at_once(raw, f"{same} AND {name} <= {high:d}", name, (low, width), count)
        return
    for start in range(low, high + 1, width):
        for pick in ("min", "max"):
            # SQLite takes the other columns from the row of the extreme; the range is a stretch of the key.
            sql = (
                f"SELECT step, at, seq, {pick}(value) FROM run_point "  # noqa: S608 - names of ours
                f"WHERE {same} AND {name} >= ? AND {name} < ?"
            )
            row = raw.execute(sql, (start, min(start + width, high + 1))).fetchone()
            if row[3] is not None:
                yield tuple(row)


def _extremes_at_once(raw: Raw, same: str, name: str, cut: tuple[int, int], count: int) -> Iterator[Found]:
    for direction in ("ASC", "DESC"):
        sql = (
            f"SELECT p.step, p.at, p.seq, p.value FROM generate_series(0, {count - 1}) AS b(n) "  # noqa: S608
            f"CROSS JOIN LATERAL (SELECT {_COLUMNS} FROM run_point WHERE {same} AND value IS NOT NULL "
            f"AND {name} >= CAST(? AS bigint) + b.n * CAST(? AS bigint) "
            f"AND {name} < CAST(? AS bigint) + (b.n + 1) * CAST(? AS bigint) "
            f"ORDER BY value {direction}, step, at, seq LIMIT 1) AS p"
        )
        for row in raw.execute(sql, cut * 2):
            yield tuple(row)


def _place(row: Found) -> tuple[int, int, int]:
    return row[:3]
