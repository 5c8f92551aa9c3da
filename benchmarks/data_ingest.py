"""A large CSV becomes Parquet, each value proved: its speed beside Polars' bare scan, and its memory.

make bench BENCH=data_ingest [ARGS="--rows 10000000"]
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import polars as pl

TURNS = 3
_OURS = """
from meguru.datasets.ingest.convert import convert
from meguru.datasets.types import ReadOptions
def work(source, target): convert(source, "csv", source.name, ReadOptions(), target)
"""
_BARE = """
import polars as pl
def work(source, target): pl.scan_csv(source).sink_parquet(target)
"""
_MEASURED = """
import json, resource, sys, time
from pathlib import Path
source, target = map(Path, sys.argv[1:])
def used():
    seen = resource.getrusage(resource.RUSAGE_SELF)
    return seen.ru_utime + seen.ru_stime
wall, cpu = time.perf_counter(), used()
work(source, target)
seconds = time.perf_counter() - wall
print(json.dumps([seconds, used() - cpu, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024]))
"""


def write(path: Path, rows: int) -> None:
    """Write rows of ten columns, as many at a time as fit."""
    chance = np.random.default_rng(0)
    with path.open("wb") as file:
        for begin in range(0, rows, 1_000_000):
            count = min(1_000_000, rows - begin)
            part = pl.DataFrame(
                {
                    "id": np.arange(begin, begin + count),
                    "user": chance.integers(0, 200_000, count),
                    "amount": chance.exponential(50, count).round(2),
                    "score": chance.normal(size=count),
                    "quantity": chance.integers(1, 20, count),
                    "country": chance.choice(["JP", "US", "DE", "FR"], count),
                    "day": np.datetime64("2024-01-01") + chance.integers(0, 700, count),
                    "at": (
                        np.datetime64("2024-01-01T00:00:00") + chance.integers(0, 60_000_000, count)
                    ).astype("M8[us]"),
                    "ok": chance.random(count) < 0.5,
                    "note": chance.choice(["alpha beta", "gamma delta epsilon", "eta iota kappa"], count),
                }
            )
            part.write_csv(file, include_header=not begin, datetime_format="%Y-%m-%d %H:%M:%S")


def measured(work: str, source: Path, target: Path) -> tuple[float, float, float]:
    """Return seconds, CPU seconds and MB of a process of its own."""
    script = [sys.executable, "-c", work + _MEASURED, str(source), str(target)]
    seconds, cpu, memory = json.loads(subprocess.run(script, check=True, capture_output=True).stdout)
    return seconds, cpu, memory


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=3_000_000)
    rows = parser.parse_args().rows
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "rows.csv", Path(folder) / "rows.parquet"
        write(source, rows)
        size = source.stat().st_size / 1e6
        best = {}
        for name, work in (("bare scan_csv -> sink_parquet", _BARE), ("registered, proved", _OURS)):
            turns = [measured(work, source, target) for _ in range(TURNS)]
            best[name] = [min(each) for each in zip(*turns, strict=True)]
    print(f"{rows:,} rows x 10, {size:,.0f} MB of CSV; best of {TURNS}, each in a process of its own")
    for name, (seconds, cpu, memory) in best.items():
        rate = size / seconds
        print(
            f"  {name:<30} {seconds:6.2f} s {cpu:6.2f} s CPU {rate:6,.0f} MB/s, {memory:5,.0f} MB of memory"
        )
    (bare, bare_cpu, _), (ours, ours_cpu, _) = best.values()
    print(f"  at {bare / ours:.0%} of the bare speed ({bare_cpu / ours_cpu:.0%} by CPU)")


if __name__ == "__main__":
    main()
