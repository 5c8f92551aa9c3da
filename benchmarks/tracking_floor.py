"""What the work of a tracking server costs at least: in one process, on SQLite, without HTTP."""

from __future__ import annotations

import sqlite3
import statistics
import time
from pathlib import Path

import msgspec

TABLES = (
    "CREATE TABLE point (series INT, step INT, at INT, value REAL, PRIMARY KEY (series, step, at))"
    " WITHOUT ROWID;"
    "CREATE TABLE latest (series INTEGER PRIMARY KEY, step INT, at INT, value REAL)"
)


class _Metric(msgspec.Struct):
    key: str
    value: float
    timestamp: int
    step: int


class _Batch(msgspec.Struct):
    run_id: str
    metrics: list[_Metric]


def _open(folder: Path) -> sqlite3.Connection:
    raw = sqlite3.connect(folder / f"floor-{time.monotonic_ns()}.db", isolation_level=None)
    raw.executescript(f"PRAGMA journal_mode=wal; PRAGMA synchronous=FULL; {TABLES}")
    return raw


def _median_ms(action, count: int) -> float:
    times = []
    for number in range(count):
        start = time.perf_counter()
        action(number)
        times.append(time.perf_counter() - start)
    return statistics.median(times) * 1e3


def floor_log(folder: Path, batches: list[dict]) -> float:
    """Decode, insert, move the newest values, commit durably."""
    raw, decoder = _open(folder), msgspec.json.Decoder(_Batch)
    bodies = [msgspec.json.encode(each) for each in batches]
    numbers = {each["key"]: number for number, each in enumerate(batches[0]["metrics"][:5])}

    def write(number: int) -> None:
        points = decoder.decode(bodies[number]).metrics
        rows = [(numbers[each.key], each.step, each.timestamp, each.value) for each in points]
        newest = {row[0]: row for row in rows}
        raw.execute("BEGIN IMMEDIATE")
        raw.executemany("INSERT INTO point VALUES (?, ?, ?, ?)", rows)
        raw.executemany("INSERT OR REPLACE INTO latest VALUES (?, ?, ?, ?)", list(newest.values()))
        raw.execute("COMMIT")

    return _median_ms(write, len(bodies))


def floor_commit(folder: Path, count: int) -> float:
    """Commit one row durably."""
    raw = _open(folder)
    return _median_ms(lambda n: raw.execute("INSERT INTO point VALUES (1, ?, 1, 0.5)", (n,)), count)


def floor_read(folder: Path, count: int) -> float:
    """Read a series into lists."""
    raw = _open(folder)
    raw.execute("BEGIN")
    rows = ((step, 1_760_000_000_000 + step, step / 7) for step in range(count))
    raw.executemany("INSERT INTO point VALUES (1, ?, ?, ?)", rows)
    raw.execute("COMMIT")
    query = "SELECT value, at, step FROM point WHERE series = 1 AND step >= ? ORDER BY step LIMIT 25000"
    start = time.perf_counter()
    for first in range(0, count, 25_000):
        raw.execute(query, (first,)).fetchall()
    return (time.perf_counter() - start) * 1e3
