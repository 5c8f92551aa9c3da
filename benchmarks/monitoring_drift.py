"""Drift of 20 numeric and 10 categorical columns: CPU seconds and memory, against one pass and two peers.

``make bench BENCH=monitoring_drift`` compares a million rows with a stored baseline of a million, and has
Evidently's preset and NannyML's fast setting compare 100,000 each; ``ARGS=--full`` gives them the million too
(Evidently then takes minutes). The peers run in environments of their own, which are made once;
``ARGS=--alone`` leaves them out.

Reading files and imports are outside of the clock. Memory is the most a process held beyond what it held
with the tables loaded.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
from peer_environment import python_with

from meguru.monitoring.comparing.compare import compare_tables
from meguru.stats import profile_frame, tally_column
from meguru.stats.drift import TESTS, two_sides
from meguru.stats.profile import NumericProfile

NUMBERS, WORDS, MILLION, SOME = 20, 10, 1_000_000, 100_000
LIMITS = {"evidently": 300.0, "nannyml": 8.0, "pass": 10.0, "megabytes": 15.0}
PEERS = {
    "evidently": ["evidently==0.7.23", "pandas<3", "pyarrow>=21,<27"],
    "nannyml": ["nannyml==0.13.1", "pandas<3", "statsmodels<0.16", "pyarrow>=21,<27"],
}
CLOCK = """
import json, resource, sys, time
import pandas as pd
reference, current = pd.read_parquet(sys.argv[1]), pd.read_parquet(sys.argv[2])
def held(field):
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) / 1024 for line in status if line.startswith(field))
def measure(work):
    with open("/proc/self/clear_refs", "w") as refs:
        refs.write("5")
    before, start = held("VmRSS"), time.process_time()
    work()
    print(json.dumps({"cpu": time.process_time() - start, "megabytes": held("VmHWM") - before}))
"""
EVIDENTLY = """
from evidently import Report
from evidently.presets import DataDriftPreset
measure(lambda: Report([DataDriftPreset()]).run(current, reference))
"""
NANNYML = """
import nannyml
def work():
    made = nannyml.UnivariateDriftCalculator(
        column_names=list(reference.columns), chunk_number=1,
        continuous_methods=["kolmogorov_smirnov", "wasserstein"], categorical_methods=["chi2"])
    made.fit(reference)
    made.calculate(current)
measure(work)
"""


def made(rows: int, seed: int) -> pl.DataFrame:
    """Make numbers of several shapes, and words of 4 to 40 categories."""
    draw = np.random.default_rng(seed)
    shapes = (draw.normal, draw.exponential, lambda size: draw.lognormal(0, 1, size), draw.random)
    columns: dict[str, object] = {f"n{each}": shapes[each % 4](size=rows) for each in range(NUMBERS)}
    for each in range(WORDS):
        words = np.array([f"word {place}" for place in range(4 * (each + 1))])
        columns[f"w{each}"] = words[draw.integers(0, words.size, rows)]
    return pl.DataFrame(columns)


def held(field: str) -> float:
    """Return megabytes of this process, now (VmRSS) or at most (VmHWM)."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(field))


def measure(work: Callable[[], object]) -> tuple[float, float]:
    """Return the CPU seconds of a second go, and the megabytes that the first one held beside."""
    Path("/proc/self/clear_refs").write_text("5")
    before = held("VmRSS")
    work()
    megabytes = max(0.0, held("VmHWM") - before)
    start = time.process_time()
    work()
    return time.process_time() - start, megabytes


def one_pass(rows: pl.DataFrame) -> None:
    """Read each byte once: numbers are added up, words hashed, since nothing less touches their letters."""
    for column in rows:
        _ = column.sum() if column.dtype.is_numeric() else column.hash()


def drift(profiles: dict, current: pl.DataFrame) -> list[bool]:
    """Count the current rows over the baseline's bins, and ask all tests."""
    found = []
    for name, profile in profiles.items():
        sides = two_sides(profile, profile.own(), tally_column(profile, current[name]))
        tests = ("ks", "wasserstein") if isinstance(profile, NumericProfile) else ("chi_square",)
        found += [TESTS.load(test)().compare(sides).drifted for test in (*tests, "psi", "jensen_shannon")]
    return found


def peer(name: str, script: str, files: tuple[Path, Path]) -> dict[str, float] | None:
    """Run a peer's script on two files in its own environment."""
    python = python_with(name, *PEERS[name])
    if python is None:
        print(f"{name} can't be installed here, and is not measured")
        return None
    quiet = {"DO_NOT_TRACK": "1", "NML_DISABLE_USAGE_LOGGING": "1", "PYTHONWARNINGS": "ignore"}
    command = [str(python), "-c", CLOCK + script, *map(str, files)]
    env = dict(os.environ) | quiet
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=env)
    if done.returncode:
        print(f"{name} did not run: {done.stderr.strip().splitlines()[-1:]}")
        return None
    return json.loads(done.stdout.strip().splitlines()[-1])


def told(label: str, ratio: float, limit: float, *, least: bool) -> None:
    """Print a ratio with its limit."""
    well = "yes" if (ratio >= limit if least else ratio <= limit) else "NO"
    print(f"{label:<58} {ratio:8.1f}  ({'at least' if least else 'at most'} {limit:g}: {well})")


def ours(rows: int, reference: pl.DataFrame, current: pl.DataFrame) -> float:
    """Measure our look at one side, and print it."""
    profiles = dict(profile_frame(reference).columns)
    floor, _ = measure(lambda: one_pass(current))
    seconds, megabytes = measure(lambda: drift(profiles, current))
    print(f"{rows:>9,} rows against a stored baseline: {seconds:.3f} s CPU, {megabytes:.0f} MB beside")
    print(f"{'':>9} one pass over them: {floor:.4f} s")
    if rows == MILLION:
        told("one pass over memory", seconds / floor, LIMITS["pass"], least=False)
        told("megabytes beside", megabytes, LIMITS["megabytes"], least=False)
    return seconds


def main() -> None:
    """Measure, and print the ratios."""
    sizes = [SOME, MILLION]
    with tempfile.TemporaryDirectory() as folder:
        for rows in sizes:
            files = Path(folder) / f"reference-{rows}.parquet", Path(folder) / f"current-{rows}.parquet"
            tables = made(rows, 1), made(rows, 2)
            for table, file in zip(tables, files, strict=True):
                table.write_parquet(file)
            seconds = ours(rows, *tables)
            start = time.process_time()
            compare_tables(*(pl.scan_parquet(file) for file in files))
            print(f"{'':>9} monitor compare of both files: {time.process_time() - start:.2f} s CPU")
            if "--alone" in sys.argv or (rows == MILLION and "--full" not in sys.argv):
                continue
            for name, script in (("evidently", EVIDENTLY), ("nannyml", NANNYML)):
                found = peer(name, script, files)
                if found:
                    print(f"{'':>9} {name}: {found['cpu']:.2f} s CPU, {found['megabytes']:.0f} MB beside")
                    ratio = found["cpu"] / seconds
                    if rows == MILLION:
                        told(f"{name} on {rows:,} rows", ratio, LIMITS[name], least=True)
                    else:
                        print(f"{name} on {rows:,} rows: {ratio:.0f} times ours")


if __name__ == "__main__":
    main()
