"""The hot path of logging: many points of one run, appended to their series in one go.

Whoever appends holds the run's row, so the series of a run change one after the other. Many points that come
at once, behind all that the series has, are one chunk; few, or late ones, are a row each.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, islice
from operator import itemgetter, lt
from typing import Any, NamedTuple

from sqlalchemy import Connection

from meguru.storage.db.raw import RawSql
from meguru.storage.statements import marks
from meguru.tracking.series import chunks
from meguru.tracking.series.columns import Columns, Found, SeriesPoint

_SLICE = 500
"""Rows of one statement: SQLite takes 32,766 values."""
_COLUMNS = ("series", "step", "at", "seq", "value")
_INSERT = f"INSERT INTO run_point ({', '.join(_COLUMNS)}) VALUES "  # noqa: S608 - names of ours
_FIELDS = ("value", "step", "at", "count", "minimum", "maximum")
_SET = ", ".join(f"{name} = ?" for name in _FIELDS)
_UPDATE = f"UPDATE run_series SET {_SET}, unchunked = unchunked + ? WHERE id = ?"  # noqa: S608
WEIGHT = 64
"""A small chunk counts as so many unchunked points."""


class Newest(NamedTuple):
    """A series as it is summed up: its newest point, how many there are, and their range."""

    value: float | None
    step: int
    at: int
    total: int
    minimum: float | None
    maximum: float | None


class _Group(NamedTuple):
    """The new points of one series; without `seqs` they are behind all others, each at a place of its own."""

    key: str
    columns: Columns
    series: int
    summary: Newest

    @property
    def in_chunks(self) -> bool:
        return self.columns.seqs is None and self.columns.size() >= chunks.MIN_POINTS

    @property
    def unchunked(self) -> int:
        """How much there is to join later, counted in rows."""
        size = self.columns.size()
        if self.in_chunks:
            return WEIGHT * (size < chunks.SMALL)
        return size if self.columns.seqs is None else self.columns.seqs.count(0)


def append(tx: Connection, run: str, points: Mapping[str, Columns], *, once: bool) -> None:
    """Append points by key to a run that is held, and move the summaries.

    Parameters
    ----------
    points
        The points of each series, in the order they came; without `seqs`.
    once
        As MLflow means it: a point that is there already is not kept twice, and of two at one step and time
        the greater is the newest. Otherwise all are kept, and the later one is the newest.
    """
    raw = RawSql(tx)
    known = _known(raw, run, list(points))
    groups = [
        group
        for key, columns in points.items()
        if columns.steps and (group := _group(raw, key, columns, known.get(key), once=once)) is not None
    ]
    _insert(raw, _with_series(raw, run, groups))
    changed = [(*group.summary, group.unchunked, group.series) for group in groups if group.series]
    if changed:
        raw.executemany(_UPDATE, changed)


def _known(raw: RawSql, run: str, keys: list[str]) -> dict[str, tuple[int, Newest]]:
    found = {}
    for some in _slices(keys):
        sql = (
            f"SELECT key, id, {', '.join(_FIELDS)} FROM run_series "  # noqa: S608 - names of ours
            f"WHERE run = ? AND key IN ({marks(len(some))})"
        )
        for key, series, *rest in raw.execute(sql, (run, *some)).fetchall():
            found[key] = series, Newest(*rest)
    return found


def _group(
    raw: RawSql, key: str, columns: Columns, known: tuple[int, Newest] | None, *, once: bool
) -> _Group | None:
    """Sum up new points; None when all of them are there already."""
    steps = columns.steps
    series, before = known or (0, None)
    grows = before is None or steps[0] > before.step
    if not grows or not all(map(lt, steps, islice(steps, 1, None))):
        # Only steps that rise, behind the newest one, prove without a look at the database that no point is
        # there already: so training logs, and it costs one comparison a point. All others are looked up.
        places = list(zip(steps, columns.times, strict=True))
        first = min(places)
        if len(set(places)) < len(places) or (before is not None and first <= (before.step, before.at)):
            rows, seqs = _numbered(raw, series, columns, first, max(places), once=once)
            if not rows:
                return None
            columns = Columns.of_points(rows)._replace(seqs=seqs)
        else:
            columns = Columns.of_points(sorted(_points(columns), key=itemgetter(0, 1)))
    return _Group(key, columns, series, _summed(before, columns, once=once))


def _points(columns: Columns) -> Iterator[SeriesPoint]:
    return zip(columns.steps, columns.times, columns.values, strict=True)


def _numbered(
    raw: RawSql, series: int, columns: Columns, first: tuple[int, int], last: tuple[int, int], *, once: bool
) -> tuple[list[SeriesPoint], list[int]]:
    """Return the points that are kept, each with its number among those of its step and time."""
    sql = (
        "SELECT step, at, value FROM run_point "
        "WHERE series = ? AND (step, at) >= (?, ?) AND (step, at) <= (?, ?)"
    )
    seen: dict[tuple[int, int], list[Any]] = {}
    if series:
        wanted = set(zip(columns.steps, columns.times, strict=True))
        found = raw.execute(sql, (series, *first, *last)).fetchall()
        for step, at, value in chain(found, _in_chunks(raw, series, first, last)):
            if (step, at) in wanted:
                number, values = seen.setdefault((step, at), [0, set()])
                seen[step, at][0] = number + 1
                values.add(value)
    kept, seqs = [], []
    for point in _points(columns):
        place = seen.setdefault(point[:2], [0, set()])
        if once and point[2] in place[1]:
            continue
        kept.append(point)
        seqs.append(place[0])
        place[0] += 1
        place[1].add(point[2])
    return kept, seqs


def _in_chunks(
    raw: RawSql, series: int, first: tuple[int, int], last: tuple[int, int]
) -> Iterator[SeriesPoint]:
    for chunk in chunks.touching(raw, series, first, last):
        yield from _points(chunk.columns())


def _summed(before: Newest | None, columns: Columns, *, once: bool) -> Newest:
    place = -1 if columns.seqs is None else _newest(columns, once=once)
    values, count = columns.values, columns.size()
    value, step, at = values[place], columns.steps[place], columns.times[place]
    numbers = [each for each in values if each is not None]
    numbers = [min(numbers), max(numbers)] if numbers else []
    if before is not None:
        if _stays(before, (value, step, at), once=once):
            value, step, at = before[:3]
        count += before.total
        numbers += [each for each in before[4:] if each is not None]
    return Newest(value, step, at, count, min(numbers, default=None), max(numbers, default=None))


def _newest(columns: Columns, *, once: bool) -> int:
    """Return which is the newest of points that are in no order."""
    steps, times, values = columns[:3]
    last = max(steps)
    same = [n for n, step in enumerate(steps) if step == last]
    return max(same, key=lambda n: (times[n], *(_rank(values[n]) if once else (n,))))


def _rank(value: float | None) -> tuple[bool, float]:
    return value is None, value or 0.0


def _stays(before: Newest, new: tuple[float | None, int, int], *, once: bool) -> bool:
    value, step, at = new
    if (step, at) != (before.step, before.at):
        return (step, at) < (before.step, before.at)
    # MLflow's own store (`_update_latest_metric_if_necessary`) lets the greater of two equals win.
    return once and _rank(before.value) > _rank(value)


def _with_series(raw: RawSql, run: str, groups: list[_Group]) -> list[_Group]:
    """Return the groups with the numbers of their series; those that have none are written."""
    new = [group for group in groups if not group.series]
    if not new:
        return groups
    made: dict[str, int] = {}
    row = f"({marks(3 + len(_FIELDS))})"
    for some in _slices(new):
        sql = (
            f"INSERT INTO run_series (run, key, unchunked, {', '.join(_FIELDS)}) "  # noqa: S608 - names of ours
            f"VALUES {', '.join([row] * len(some))} RETURNING key, id"
        )
        values = [value for group in some for value in (run, group.key, group.unchunked, *group.summary)]
        made.update(raw.execute(sql, values).fetchall())
    return [group if group.series else group._replace(series=made[group.key]) for group in groups]


def _insert(raw: RawSql, groups: list[_Group]) -> None:
    packed: list[tuple[Any, ...]] = []
    single: list[_Group] = []
    for group in groups:
        try:
            some = chunks.rows(group.series, group.columns) if group.in_chunks else []
        except OverflowError:  # steps further apart than a chunk's differences hold; rows hold any
            some = []
        packed += some
        if not some:
            single.append(group)
    chunks.insert(raw, packed)
    rows = ((group.series, *row) for group in single for row in group.columns.rows())
    insert_rows(raw, rows)


def insert_rows(raw: RawSql, rows: Iterable[tuple[int, *Found]]) -> None:
    """Write points as rows of their series, step, microsecond, number and value."""
    if raw.is_sqlite:
        raw.executemany(f"{_INSERT} ({marks(5)})", list(rows))
        return
    # COPY, as it parses and plans nothing a row. No text of a client is among the values: nothing is escaped.
    lines = [f"{s}\t{step}\t{at}\t{seq}\t{_text(value)}\n" for s, step, at, seq, value in rows]
    if lines:
        raw.copy("run_point", _COLUMNS, "".join(lines))


def _text(value: float | None) -> str:
    return r"\N" if value is None else repr(value)


def _slices(items: list[Any]) -> Iterator[list[Any]]:
    for start in range(0, len(items), _SLICE):
        yield items[start : start + _SLICE]
