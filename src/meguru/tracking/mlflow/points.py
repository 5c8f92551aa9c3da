"""The hot path of logging: many metric points of one run, written as rows in one go."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection

from meguru.tracking.mlflow.moments import stored

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
    wanted = list(dict.fromkeys(points))
    known = _summaries(tx, run, {point.key for point in wanted})
    seen = _seen(tx, run, wanted, known) if known else set()
    rows, summaries = [], dict(known)
    for point in wanted:
        row = (run, point.key, point.step, point.value, stored(point.ms))
        if seen and row[1:] in seen:
            continue
        rows.append(row)
        summaries[point.key] = _merge(summaries.get(point.key), row)
    if not rows:
        return
    tx.exec_driver_sql(_insert(tx, "run_metric", COLUMNS), rows)
    changed = [(run, key, *each) for key, each in sorted(summaries.items()) if each is not known.get(key)]
    sets = ", ".join(f"{name} = excluded.{name}" for name in LATEST[2:])
    upsert = f"{_insert(tx, 'run_metric_latest', LATEST)} ON CONFLICT (run, key) DO UPDATE SET {sets}"
    tx.exec_driver_sql(upsert, changed)


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
    tx: Connection, run: str, points: Sequence[Point], known: dict[str, tuple[Any, ...]]
) -> set[tuple[Any, ...]]:
    """Return the points that a new one could repeat; a series that only grows costs nothing."""
    first: dict[str, int] = {}
    last: dict[str, int] = {}
    for key, step, _, _ in points:
        if key in known:
            first[key] = min(step, first.get(key, step))
            last[key] = max(step, last.get(key, step))
    found: set[tuple[Any, ...]] = set()
    mark = "?" if tx.dialect.name == "sqlite" else "%s"
    query = (
        f"SELECT step, value, at FROM run_metric "  # noqa: S608 - a parameter's mark
        f"WHERE run = {mark} AND key = {mark} AND step BETWEEN {mark} AND {mark}"
    )
    for key, step in first.items():
        if step <= known[key][1]:
            rows = tx.exec_driver_sql(query, (run, key, step, last[key]))
            found.update((key, *row) for row in rows)
    return found


def _merge(known: tuple[Any, ...] | None, row: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return (value, step, at, count, minimum, maximum) with one more point."""
    _, _, step, value, at = row
    if known is None:
        return value, step, at, 1, value, value
    kept, kept_step, kept_at, count, least, most = known
    if (step, at, _rank(value)) >= (kept_step, kept_at, _rank(kept)):
        kept, kept_step, kept_at = value, step, at
    if value is not None:
        least = value if least is None else min(least, value)
        most = value if most is None else max(most, value)
    return kept, kept_step, kept_at, count + 1, least, most


def _rank(value: float | None) -> tuple[bool, float]:
    return value is None, value or 0.0
