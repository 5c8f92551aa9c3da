"""SQL of series: which there are, and what each is summed up to."""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, select

from meguru.storage.db.raw import RawSql
from meguru.storage.statements import marks
from meguru.tracking.schema import run_series
from meguru.tracking.series.times import moment
from meguru.tracking.types import MetricSummary

_SLICE = 500
_TERMS = 101
"""So many runs are looked for by one statement; SQLite takes at most 500 terms."""


def series_of(tx: Connection, run: str, key: str) -> tuple[int, int] | None:
    """Return the number of a series and how many points it has; None if there is none."""
    sql = "SELECT id, count FROM run_series WHERE run = ? AND key = ?"
    row = RawSql(tx).execute(sql, (run, key)).fetchone()
    return None if row is None else (row[0], row[1])


def numbers(tx: Connection, runs: Sequence[str], key: str) -> dict[str, int]:
    """Return the number of the series of one key that each of some runs has, in the order of the runs."""
    sql = f"SELECT run, id FROM run_series WHERE key = ? AND run IN ({marks(len(runs))})"  # noqa: S608
    found = dict(RawSql(tx).execute(sql, (key, *runs)).fetchall()) if runs else {}
    return {run: found[run] for run in runs if run in found}


def names(tx: Connection, run: str, *, limit: int) -> list[str]:
    """Return keys of a run's series."""
    table = run_series.c
    return list(tx.execute(select(table.key).where(table.run == run).limit(limit)).scalars())


def summaries(
    tx: Connection, runs: Sequence[str], *, most: int | None = None
) -> dict[str, dict[str, MetricSummary]]:
    """Return the summary of every series of some runs, by run and key; of each run the first `most` keys."""
    found: dict[str, dict[str, MetricSummary]] = {}
    columns = "value, step, at, count, minimum, maximum"
    rows = newest(tx, runs, columns) if most is None else _first(tx, runs, columns, most)
    for run, key, value, step, at, *rest in rows:
        found.setdefault(run, {})[key] = MetricSummary(
            value=value, step=step, at=moment(at), count=rest[0], minimum=rest[1], maximum=rest[2]
        )
    return found


def _first(tx: Connection, runs: Sequence[str], columns: str, most: int) -> Iterator[tuple[Any, ...]]:
    """Yield what `newest` does, of each run the first keys: a look at the index a run, in one statement."""
    one = f"SELECT run, key, {columns} FROM run_series WHERE run = ? ORDER BY run, key LIMIT ?"  # noqa: S608
    for start in range(0, len(runs), _TERMS):
        some = runs[start : start + _TERMS]
        sql = " UNION ALL ".join([f"SELECT * FROM ({one}) AS one"] * len(some))  # noqa: S608 - as above
        yield from RawSql(tx).execute(sql, [value for run in some for value in (run, most)]).fetchall()


def counts(tx: Connection, runs: Sequence[str]) -> dict[str, int]:
    """Return how many points each of some runs has, all series together."""
    found = dict.fromkeys(runs, 0)
    for start in range(0, len(runs), _SLICE):
        some = runs[start : start + _SLICE]
        sql = f"SELECT run, sum(count) FROM run_series WHERE run IN ({marks(len(some))}) GROUP BY run"  # noqa: S608
        found |= {run: int(count) for run, count in RawSql(tx).execute(sql, some).fetchall()}
    return found


def newest(tx: Connection, runs: Sequence[str], columns: str) -> Iterator[tuple[Any, ...]]:
    """Yield run, key and some columns of every series of some runs, by key."""
    for start in range(0, len(runs), _SLICE):
        some = runs[start : start + _SLICE]
        sql = (
            f"SELECT run, key, {columns} FROM run_series "  # noqa: S608 - names of ours
            f"WHERE run IN ({marks(len(some))}) ORDER BY run, key"
        )
        yield from RawSql(tx).execute(sql, some)
