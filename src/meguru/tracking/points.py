"""The hot path of logging: many points of one run, appended to their series in one go.

Whoever appends holds the run's row, so the series of a run change one after the other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, repeat
from typing import Any, NamedTuple

from sqlalchemy import Connection

from meguru.storage.db.raw import Raw, marks

Row = tuple[int, int, float | None]
"""A point's step, its microsecond since 1970, its value; None is no number."""
_SLICE = 500
_ROWS = 100
_COLUMNS = ("series", "step", "at", "seq", "value")
_INSERT = f"INSERT INTO run_point ({', '.join(_COLUMNS)}) VALUES "  # noqa: S608 - names of ours
_FIELDS = ("value", "step", "at", "count", "minimum", "maximum")
_UPDATE = f"UPDATE run_series SET {', '.join(f'{name} = ?' for name in _FIELDS)} WHERE id = ?"  # noqa: S608


class Newest(NamedTuple):
    """A series as it is summed up: its newest point, how many there are, and their range."""

    value: float | None
    step: int
    at: int
    total: int
    minimum: float | None
    maximum: float | None


class _Columns(NamedTuple):
    """New points of one series, column by column."""

    steps: Sequence[int]
    times: Sequence[int]
    values: Sequence[float | None]


class _Group(NamedTuple):
    """The new points of one series; without `seqs` each of them has a step and a time of its own."""

    key: str
    columns: _Columns
    seqs: list[int] | None
    series: int
    summary: Newest


def append(tx: Connection, run: str, points: Mapping[str, Sequence[Row]], *, once: bool) -> None:
    """Append points by key to a run that is held, and move the summaries.

    Parameters
    ----------
    points
        The points of each series, in the order they came.
    once
        As MLflow means it: a point that is there already is not kept twice, and of two at one step and time
        the greater is the newest. Otherwise all are kept, and the later one is the newest.
    """
    raw = Raw(tx)
    known = _known(raw, run, list(points))
    groups = [
        group
        for key, rows in points.items()
        if rows and (group := _group(raw, key, rows, known.get(key), once=once)) is not None
    ]
    _insert(raw, _with_series(raw, run, groups))
    changed = [(*group.summary, group.series) for group in groups if group.series]
    if changed:
        raw.executemany(_UPDATE, changed)


def _known(raw: Raw, run: str, keys: list[str]) -> dict[str, tuple[int, Newest]]:
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
    raw: Raw, key: str, rows: Sequence[Row], known: tuple[int, Newest] | None, *, once: bool
) -> _Group | None:
    """Sum up new points; None when all of them are there already."""
    columns = _Columns(*zip(*rows, strict=True))
    series, before = known or (0, None)
    seqs = None
    grows = len(set(columns.steps)) == len(rows)
    if not grows or (before is not None and min(columns.steps) <= before.step):
        # Not every point has a step of its own: they are looked at one by one.
        places = list(zip(columns.steps, columns.times, strict=True))
        first = min(places)
        if len(set(places)) < len(places) or (before is not None and first <= (before.step, before.at)):
            rows, seqs = _numbered(raw, series, rows, first, max(places), once=once)
            if not rows:
                return None
            columns = _Columns(*zip(*rows, strict=True))
    return _Group(key, columns, seqs, series, _summed(before, columns, once=once))


def _numbered(
    raw: Raw, series: int, rows: Sequence[Row], first: tuple[int, int], last: tuple[int, int], *, once: bool
) -> tuple[list[Row], list[int]]:
    """Return the rows that are kept, each with its number among those of its step and time."""
    sql = (
        "SELECT step, at, value FROM run_point "
        "WHERE series = ? AND (step, at) >= (?, ?) AND (step, at) <= (?, ?)"
    )
    seen: dict[tuple[int, int], list[Any]] = {}
    if series:
        for step, at, value in raw.execute(sql, (series, *first, *last)).fetchall():
            number, values = seen.setdefault((step, at), [0, set()])
            seen[step, at][0] = number + 1
            values.add(value)
    kept, seqs = [], []
    for row in rows:
        place = seen.setdefault(row[:2], [0, set()])
        if once and row[2] in place[1]:
            continue
        kept.append(row)
        seqs.append(place[0])
        place[0] += 1
        place[1].add(row[2])
    return kept, seqs


def _summed(before: Newest | None, columns: _Columns, *, once: bool) -> Newest:
    steps, times, values = columns
    last = max(steps)
    place = steps.index(last)
    if steps.count(last) > 1:
        same = [n for n, step in enumerate(steps) if step == last]
        place = max(same, key=lambda n: (times[n], *(_rank(values[n]) if once else (n,))))
    value, step, at = values[place], last, times[place]
    numbers = [each for each in values if each is not None]
    count = len(values)
    if before is not None:
        if _stays(before, (value, step, at), once=once):
            value, step, at = before[:3]
        count += before.total
        numbers += [each for each in before[4:] if each is not None]
    return Newest(value, step, at, count, min(numbers, default=None), max(numbers, default=None))


def _rank(value: float | None) -> tuple[bool, float]:
    return value is None, value or 0.0


def _stays(before: Newest, new: tuple[float | None, int, int], *, once: bool) -> bool:
    value, step, at = new
    if (step, at) != (before.step, before.at):
        return (step, at) < (before.step, before.at)
    return once and _rank(before.value) > _rank(value)


def _with_series(raw: Raw, run: str, groups: list[_Group]) -> list[_Group]:
    """Return the groups with the numbers of their series; those that have none are written."""
    new = [group for group in groups if not group.series]
    if not new:
        return groups
    made: dict[str, int] = {}
    row = f"({marks(2 + len(_FIELDS))})"
    for some in _slices(new):
        sql = (
            f"INSERT INTO run_series (run, key, {', '.join(_FIELDS)}) "  # noqa: S608 - names of ours
            f"VALUES {', '.join([row] * len(some))} RETURNING key, id"
        )
        values = [value for group in some for value in (run, group.key, *group.summary)]
        made.update(raw.execute(sql, values).fetchall())
    return [group if group.series else group._replace(series=made[group.key]) for group in groups]


def _insert(raw: Raw, groups: list[_Group]) -> None:
    if not raw.is_sqlite:
        rows = (
            f"{s}\t{step}\t{at}\t{seq}\t{_text(v)}\n"
            for s, step, at, seq, v in chain.from_iterable(map(_rows, groups))
        )
        raw.copy("run_point", _COLUMNS, "".join(rows))
        return
    single: list[tuple[Any, ...]] = []
    for group in groups:
        done = 0 if group.seqs else len(group.columns.steps) // _ROWS * _ROWS
        for start in range(0, done, _ROWS):
            _insert_many(raw, group, start)
        single += list(_rows(group))[done:]
    if single:
        raw.executemany(f"{_INSERT} ({marks(5)})", single)


def _insert_many(raw: Raw, group: _Group, start: int) -> None:
    # One statement for many rows, and the series bound once: half the time of a statement each.
    values: list[Any] = [group.series] * (1 + 3 * _ROWS)
    for place, column in enumerate(group.columns, start=1):
        values[place::3] = column[start : start + _ROWS]
    raw.execute(_MANY, values)


_MANY = _INSERT + ", ".join(
    f"(?1, ?{place}, ?{place + 1}, 0, ?{place + 2})" for place in range(2, 2 + 3 * _ROWS, 3)
)


def _rows(group: _Group) -> Iterator[tuple[int, int, int, int, float | None]]:
    steps, times, values = group.columns
    seqs = group.seqs or repeat(0, len(steps))
    return zip(repeat(group.series, len(steps)), steps, times, seqs, values, strict=True)


def _text(value: float | None) -> str:
    return r"\N" if value is None else repr(value)


def _slices(items: list[Any]) -> Iterator[list[Any]]:
    for start in range(0, len(items), _SLICE):
        yield items[start : start + _SLICE]
