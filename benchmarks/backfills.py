"""What a partition of a backfill costs: computed, and again when every step is kept.

The floor is as many bare durable commits as a kept partition must make: begun, claimed, written, ended, taken
in. Threads do the steps, so that the start of processes is not what is measured.
"""

import sqlite3
import sys
import tempfile
import time
from pathlib import Path
from textwrap import dedent

from meguru.app.nouns import load_operations
from meguru.app.open import open_local
from meguru.backfills.operations import start
from meguru.backfills.work import see_through
from meguru.pipelines.load import register_file

DAYS = int(sys.argv[1]) if len(sys.argv) > 1 else 100
COMMITS = 5
DAILY = """
    from datetime import date
    from meguru import pipeline, step

    @step(isolation="thread")
    def load(day: date) -> int:
        return day.day

    @step(isolation="thread")
    def double(n: int) -> int:
        return n * 2

    @pipeline
    def daily(day: date):
        return double(load(day))
"""


def floor_seconds(folder: Path) -> float:
    raw = sqlite3.connect(folder / "floor.db", isolation_level=None)
    raw.execute("PRAGMA journal_mode=wal")
    raw.execute("CREATE TABLE job (id INTEGER PRIMARY KEY, body TEXT)")
    began = time.perf_counter()
    for number in range(DAYS * COMMITS):
        raw.execute("BEGIN IMMEDIATE")
        raw.execute("INSERT INTO job VALUES (?, ?)", (number, "x" * 400))
        raw.execute("COMMIT")
    return time.perf_counter() - began


def backfill_seconds(ws, parallel: int) -> float:
    days = [
        f"{2000 + number // 336}-{number // 28 % 12 + 1:02}-{number % 28 + 1:02}" for number in range(DAYS)
    ]
    began = time.perf_counter()
    made = start(ws, pipeline="daily", param="day", values=days, parallel=parallel)
    done = see_through(ws, made.id)
    took = time.perf_counter() - began
    assert done.state == "succeeded", done
    return took


def main() -> None:
    load_operations()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "daily.py").write_text(dedent(DAILY))
        with open_local(folder / "w") as ws:
            register_file(ws, f"{folder}/daily.py:daily")
            computed = backfill_seconds(ws, 4) / DAYS
            kept = min(backfill_seconds(ws, 4) for _ in range(2)) / DAYS
        floor = floor_seconds(folder) / DAYS
    print(f"{DAYS} partitions of two steps, 4 at a time, SQLite (synchronous=FULL); per partition:")
    print(f"  {COMMITS} bare commits (floor)    {floor * 1e3:7.1f} ms")
    print(f"  all steps kept          {kept * 1e3:7.1f} ms = {kept / floor:.1f} x the floor")
    print(f"  computed                {computed * 1e3:7.1f} ms = {computed / kept:.1f} x kept")


if __name__ == "__main__":
    main()
