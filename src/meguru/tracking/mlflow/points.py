"""The hot path of logging: many metric points of one run, written as rows in one go."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection

from meguru.tracking.mlflow.moments import millis_of, stored

COLUMNS = ("run", "key", "step", "value", "at")
LATEST = ("run", "key", "value", "step", "at", "count", "minimum", "maximum")


class Point(NamedTuple):
    """One measurement; None is NaN, and what is infinite is the largest finite number."""

    key: str
    step: int
    value: float | None
    ms: int


def add(tx: Connection, run: str, points: Sequence[Point]) -> None:
    """Append points to a run that is held, but for those that are there already, and move the summaries."""
    wanted = dict.fromkeys(points)
    known = _summaries(tx, run, {point.key for point in wanted})
    if known:
        for repeated in _seen(tx, run, _by_key(wanted), known):
            wanted.pop(repeated, None)
    rows = [(run, key, step, value, stored(ms)) for key, step, value, ms in wanted]
    if not rows:
        return
    tx.exec_driver_sql(_insert(tx, "run_metric", COLUMNS), rows)
    groups = sorted(_by_key(wanted).items())
    changed = [(run, key, *_merge(known.get(key), group)) for key, group in groups]
    sets = ", ".join(f"{name} = excluded.{name}" for name in LATEST[2:])
    upsert = f"{_insert(tx, 'run_metric_latest', LATEST)} ON CONFLICT (run, key) DO UPDATE SET {sets}"
    tx.exec_driver_sql(upsert, changed)


def _by_key(points: Iterable[Point]) -> dict[str, list[Point]]:
    groups: dict[str, list[Point]] = {}
    for point in points:
        groups.setdefault(point[0], []).append(point)
    return groups


def _insert(tx: Connection, table: str, columns: Sequence[str]) -> str:
    mark = "?" if tx.dialect.name == "sqlite" else "%s"
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join([mark] * len(columns))})"  # noqa: S608


def _summaries(tx: Connection, run: str, keys: Iterable[str]) -> dict[str, tuple[Any, ...]]:
    mark = "?" if tx.dialect.name == "sqlite" else "%s"
    wanted = list(keys)
    found: dict[str, tuple[Any, ...]] = {}
    for start in range(0, len(wanted), 500):
        some = wanted[start : start + 500]
        query = (
            f"SELECT {', '.join(LATEST[1:])} FROM run_metric_latest "  # noqa: S608 - names of ours
            f"WHERE run = {mark} AND key IN ({', '.join([mark] * len(some))})"
        )
        for key, *rest in tx.exec_driver_sql(query, (run, *some)):
            found[key] = tuple(rest)
    return found


def _seen(
    tx: Connection, run: str, groups: dict[str, list[Point]], known: dict[str, tuple[Any, ...]]
) -> Iterator[Point]:
    """Return the points that a new one could repeat; a series that only grows costs nothing."""
    mark = "?" if tx.dialect.name == "sqlite" else "%s"
    query = (
        f"SELECT step, value, at FROM run_metric "  # noqa: S608 - a parameter's mark
        f"WHERE run = {mark} AND key = {mark} AND step BETWEEN {mark} AND {mark}"
    )
    for key, group in groups.items():
        steps = [point[1] for point in group]
        if key in known and min(steps) <= known[key][1]:
            for step, value, at in tx.exec_driver_sql(query, (run, key, min(steps), max(steps))):
                yield Point(key, step, value, millis_of(at))


def _merge(known: tuple[Any, ...] | None, group: list[Point]) -> tuple[Any, ...]:
    """Return (value, step, at, count, minimum, maximum) of a series with more points."""
    newest = max(group, key=_place)
    values = [point[2] for point in group if point[2] is not None]
    done = newest.value, newest.step, stored(newest.ms)
    count = len(group)
    if known is not None:
        old = Point(newest.key, known[1], known[0], millis_of(known[2]))
        if _place(old) > _place(newest):
            done = known[0], known[1], known[2]
        count += known[3]
        values += [value for value in known[4:] if value is not None]
    return *done, count, min(values, default=None), max(values, default=None)


def _place(point: Point) -> tuple[int, int, bool, float]:
    _, step, value, ms = point
    return step, ms, value is None, value or 0.0
