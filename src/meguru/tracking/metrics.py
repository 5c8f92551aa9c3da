"""SQL of metric series: what is read of them. They are written by `points`."""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, Self

from sqlalchemy import Connection, select

from meguru.base.moments import read_time, write_time
from meguru.storage.db.raw import Raw, marks
from meguru.tracking import points
from meguru.tracking.schema import run_series
from meguru.tracking.types import MetricPoint, MetricSummary

_START = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_SLICE = 500
_PLACE = re.compile(r"(-?\d{1,19})\.(-?\d{1,19})\.(\d{1,9})")


Point = tuple[float | None, int, int]
"""A point's value, its microsecond since 1970, its step."""


class Place(NamedTuple):
    """Where a point is in its series."""

    step: int
    at: int
    seq: int

    @classmethod
    def read(cls, text: str) -> Self | None:
        """Return the place that `cursor` spelled; None if it did not."""
        found = _PLACE.fullmatch(text)
        numbers = [int(part) for part in found.groups()] if found else []
        if not numbers or any(abs(number) >= 2**63 for number in numbers):
            return None
        return cls(*numbers)

    def cursor(self) -> str:
        """Spell the place, as the mark of where a page ended."""
        return f"{self.step}.{self.at}.{self.seq}"


def micros(at: datetime) -> int:
    """Return a moment as microseconds since 1970.

    Raises
    ------
    InvalidInput
        If it has no time zone, or leaves the calendar.
    """
    if at.tzinfo is not UTC:
        at = read_time(write_time(at))
    return (at - _START) // _MICROSECOND


def moment(at: int) -> datetime:
    """Return the moment of so many microseconds since 1970."""
    return _START + at * _MICROSECOND


def add(tx: Connection, run: str, given: Sequence[MetricPoint], now: datetime) -> None:
    """Append points to a run that is held, all of them; points without a time get `now`."""
    groups: dict[str, list[points.Row]] = {}
    for point in given:
        groups.setdefault(point.key, []).append((point.step, micros(point.at or now), point.value))
    points.append(tx, run, groups, once=False)


def rewind(tx: Connection, run: str, key: str, step: int) -> None:
    """Forget the points of a series from a step on: they are about to be made again."""
    raw, found = Raw(tx), series_of(tx, run, key)
    if found is None:
        return
    number = found[0]
    gone = raw.execute("DELETE FROM run_point WHERE series = ? AND step >= ?", (number, step))
    if not gone.rowcount:
        return
    of_all = "SELECT count(*), min(value), max(value) FROM run_point WHERE series = ?"
    count, least, most = raw.execute(of_all, (number,)).fetchone()
    if not count:
        raw.execute("DELETE FROM run_series WHERE id = ?", (number,))
        return
    last = (
        "SELECT value, step, at FROM run_point WHERE series = ? "
        "ORDER BY series DESC, step DESC, at DESC, seq DESC LIMIT 1"
    )
    newest = raw.execute(last, (number,)).fetchone()
    fields = "value = ?, step = ?, at = ?, count = ?, minimum = ?, maximum = ?"
    raw.execute(f"UPDATE run_series SET {fields} WHERE id = ?", (*newest, count, least, most, number))  # noqa: S608


def series_of(tx: Connection, run: str, key: str) -> tuple[int, int] | None:
    """Return the number of a series and how many points it has; None if there is none."""
    sql = "SELECT id, count FROM run_series WHERE run = ? AND key = ?"
    row = Raw(tx).execute(sql, (run, key)).fetchone()
    return None if row is None else (row[0], row[1])


def names(tx: Connection, run: str, *, limit: int) -> list[str]:
    """Return keys of a run's series."""
    table = run_series.c
    return list(tx.execute(select(table.key).where(table.run == run).limit(limit)).scalars())


def page(tx: Connection, series: int, *, after: Place | None = None, limit: int) -> Iterator[Point]:
    """Yield points by step, then time, then the order they came in, while the transaction is open.

    They are not kept here: a list of as many tuples would cost as much again, in garbage collection.
    """
    found: Iterator[Point] = _in_order(tx, series, "value, at, step", after, limit, 0)
    return found


def place_of(tx: Connection, series: int, number: int, *, after: Place | None = None) -> Place:
    """Return where the point of this number is that comes after a place; the first is 1."""
    return Place(*_in_order(tx, series, "step, at, seq", after, 1, number - 1).fetchone())


def _in_order(tx: Connection, series: int, columns: str, after: Place | None, limit: int, offset: int) -> Any:
    later = " AND (step, at, seq) > (?, ?, ?)" if after else ""
    sql = (
        f"SELECT {columns} FROM run_point WHERE series = ?{later} "  # noqa: S608 - names of ours
        "ORDER BY series, step, at, seq LIMIT ? OFFSET ?"
    )
    return Raw(tx).execute(sql, (series, *(after or ()), limit, offset))


def by_time(tx: Connection, series: int, *, limit: int) -> list[Point]:
    """Return points by time."""
    sql = "SELECT value, at, step FROM run_point WHERE series = ? ORDER BY at, step, seq LIMIT ?"
    return Raw(tx).execute(sql, (series, limit)).fetchall()  # type: ignore[no-any-return]


def tail(tx: Connection, run: str, key: str, *, limit: int) -> list[tuple[int, float | None]]:
    """Return (step, value) of the points of the highest steps, by step."""
    found = series_of(tx, run, key)
    if found is None:
        return []
    sql = (
        "SELECT step, value FROM run_point WHERE series = ? "
        "ORDER BY series DESC, step DESC, at DESC, seq DESC LIMIT ?"
    )
    return Raw(tx).execute(sql, (found[0], limit)).fetchall()[::-1]  # type: ignore[no-any-return]


def summaries(
    tx: Connection, runs: Sequence[str], *, most: int | None = None
) -> dict[str, dict[str, MetricSummary]]:
    """Return the summary of every series of some runs, by run and key; of each run the first `most` keys."""
    found: dict[str, dict[str, MetricSummary]] = {}
    columns = "value, step, at, count, minimum, maximum"
    sql = f"SELECT run, key, {columns} FROM run_series WHERE run = ? ORDER BY run, key LIMIT ?"  # noqa: S608
    rows = (
        newest(tx, runs, columns)
        if most is None
        else (row for run in runs for row in Raw(tx).execute(sql, (run, most)).fetchall())
    )
    for run, key, value, step, at, *rest in rows:
        found.setdefault(run, {})[key] = MetricSummary(
            value=value, step=step, at=moment(at), count=rest[0], minimum=rest[1], maximum=rest[2]
        )
    return found


def newest(tx: Connection, runs: Sequence[str], columns: str) -> Iterator[tuple[Any, ...]]:
    """Yield run, key and some columns of every series of some runs, by key."""
    for start in range(0, len(runs), _SLICE):
        some = runs[start : start + _SLICE]
        sql = (
            f"SELECT run, key, {columns} FROM run_series "  # noqa: S608 - names of ours
            f"WHERE run IN ({marks(len(some))}) ORDER BY run, key"
        )
        yield from Raw(tx).execute(sql, some)
