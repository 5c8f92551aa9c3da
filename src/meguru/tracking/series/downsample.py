"""A few points that show a long series as it is: even ones, its ends, its extremes."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from itertools import chain
from typing import Any

from sqlalchemy import Connection

from meguru.tracking.series.columns import Columns, Found
from meguru.tracking.series.latest import last
from meguru.tracking.series.read import StepRange, pieces

MAX_EVEN = 10_000
"""A series of so many points at most is thinned evenly; of a longer one the extremes are picked."""


def sample(tx: Connection, series: int, *, window: StepRange | None = None, limit: int) -> list[Found]:
    """Return at most `limit` points in order, between two steps if given.

    The first and the last are among them, and so are the least and the greatest, if `limit` lets them. Up to
    10,000 points are thinned evenly, as MLflow does. A longer series is cut into stretches of equal length,
    and of each the least and the greatest are returned.
    """
    found = pieces(tx, series, window=window)
    begin, count = [], 0
    for piece in found:
        begin.append(piece)
        count += piece.size()
        if count > MAX_EVEN:
            break
    if count <= MAX_EVEN:
        return _thin([row for piece in begin for row in piece.rows()], limit)
    end = last(tx, series, window=window)
    ends = [next(begin[0].rows()), *([end] if end else [])]
    if limit < 4:  # two ends and two extremes
        return ends[-limit:] if limit < 2 else ends
    stretches = _Stretches(ends[0], ends[-1], (limit - 2) // 2)
    for piece in chain(begin, found):
        stretches.look_at(piece)
    return sorted({*ends, *stretches.extremes()}, key=lambda row: row[:3])


class _Stretches:
    """The least and the greatest point of each stretch of steps; of time, if there is one step."""

    def __init__(self, first: Found, end: Found, count: int) -> None:
        self._by_time = first[0] == end[0]
        self._low, high = (first[1], end[1]) if self._by_time else (first[0], end[0])
        self._width = -(-(high - self._low + 1) // count)
        self._least: dict[int, Any] = {}
        self._most: dict[int, Any] = {}

    def look_at(self, piece: Columns) -> None:
        places, start = piece.times if self._by_time else piece.steps, 0
        gaps = None in piece.values
        while start < piece.size():
            number = (places[start] - self._low) // self._width
            stop = bisect_left(places, self._low + (number + 1) * self._width, start)
            values: Any = piece.values[start:stop]
            known = [value for value in values if value is not None] if gaps else values
            if known:
                low, high = min(known), max(known)
                if number not in self._least or low < self._least[number][3]:
                    self._least[number] = (*piece.place(start + values.index(low)), low)
                if number not in self._most or high > self._most[number][3]:
                    self._most[number] = (*piece.place(start + values.index(high)), high)
            start = stop

    def extremes(self) -> Iterator[Found]:
        """Yield what was found."""
        yield from self._least.values()
        yield from self._most.values()


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
        # An extreme takes the place of the even point next to it; the ends stay, and the other extreme does.
        extremes = [min(known, key=lambda at: rows[at][3]), max(known, key=lambda at: rows[at][3])]
        for extreme in extremes:
            inner = [at for at in picked[1:-1] if at not in extremes]
            if extreme not in picked and inner:
                picked[picked.index(min(inner, key=lambda at: abs(at - extreme)))] = extreme
    return [rows[index] for index in sorted(set(picked))]
