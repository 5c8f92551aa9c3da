"""A training set of 1,000,000 rows from 5 views of 5,000,000 rows each, right about time; what others take.

    make bench BENCH=features_training ARGS="--events 1000000 --rows 5000000"

The peers read the same rows from Parquet sorted by time, as a feature table is usually kept; ours are kept by
key and time, which is paid once for each version of a view (the first figure). Values are compared.
"""

from __future__ import annotations

import argparse
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import polars as pl

VIEWS, FEATURES, TTL = 5, 4, 7 * 86_400
START = np.datetime64("2024-01-01", "us")
SPAN = 90 * 86_400


def write(root: Path, rows: int, events: int, keys: int) -> None:
    """Write the views' rows, sorted by time, and the rows that ask, in no order."""
    rng = np.random.default_rng(7)
    for view in range(VIEWS):
        at = np.sort(rng.integers(0, SPAN * 1_000_000, rows))
        columns = {"key": rng.integers(0, keys, rows), "at": START + at.astype("timedelta64[us]")}
        columns |= {f"v{view}_f{n}": rng.random(rows) for n in range(FEATURES)}
        pl.DataFrame(columns).write_parquet(
            root / f"view{view}.parquet", compression="zstd", compression_level=1
        )
    asked = START + rng.integers(0, SPAN * 1_000_000, events).astype("timedelta64[us]")
    labels = {"key": rng.integers(0, keys, events), "when": asked, "label": rng.integers(0, 2, events)}
    pl.DataFrame(labels).write_parquet(root / "events.parquet")


def checked(frame: pl.DataFrame) -> tuple[int, float]:
    """Return how many values were found, and what they add up to."""
    names = [f"v{view}_f0" for view in range(VIEWS)]
    return sum(frame[name].count() for name in names), round(sum(frame[name].sum() for name in names), 3)


def ours(root: Path) -> pl.DataFrame:
    """Take the rows as they are kept, or, the first time, keep them so."""
    from meguru.features.offline.row_files import CachedRows, write_rows
    from meguru.features.offline.training import JoinOptions, Opened, joined
    from meguru.features.types import PinnedView, ViewDefinition

    said = ViewDefinition(entities=["key"], keys=["key"], time="at", ttl=TTL)
    opened = []
    for n in range(VIEWS):
        place = root / "kept" / str(n)
        names = {f"v{n}_f{f}": "Float64" for f in range(FEATURES)}
        kept = CachedRows(place) if place.exists() else write_rows(_rows(root, n), said, names, place)
        opened.append(Opened(PinnedView(ref=f"feature_view/view{n}@1", definition=said), kept))
    return joined(pl.read_parquet(root / "events.parquet"), opened, JoinOptions(time="when"))


def _rows(root: Path, view: int) -> pl.DataFrame:
    return pl.read_parquet(root / f"view{view}.parquet")


def polars(root: Path) -> pl.DataFrame:
    found = pl.read_parquet(root / "events.parquet").with_row_index("row").sort("when")
    for view in range(VIEWS):
        rows = pl.read_parquet(root / f"view{view}.parquet").set_sorted("at")
        found = found.join_asof(
            rows, left_on="when", right_on="at", by="key", tolerance=f"{TTL}s", check_sortedness=False
        ).drop("at", strict=False)
    return found.sort("row")


def duckdb(root: Path) -> pl.DataFrame:
    import duckdb as db

    joins = "\n".join(
        f"ASOF LEFT JOIN '{root}/view{n}.parquet' v{n} ON e.key = v{n}.key AND e.\"when\" >= v{n}.at"
        for n in range(VIEWS)
    )
    values = ", ".join(
        f'CASE WHEN e."when" - v{n}.at <= INTERVAL {TTL} SECOND THEN v{n}.v{n}_f{f} END AS v{n}_f{f}'
        for n in range(VIEWS)
        for f in range(FEATURES)
    )
    query = f"SELECT e.*, {values} FROM '{root}/events.parquet' e {joins}"
    return pl.DataFrame(db.connect().execute(query).to_arrow_table())


WAYS = {"meguru, first": ours, "meguru": ours, "polars join_asof": polars, "duckdb ASOF": duckdb}


def alone(way: str, root: Path) -> None:
    """Measure one way in a process of its own, and print what it took."""
    begin, cpu = time.perf_counter(), time.process_time()
    found = WAYS[way](root)
    took, spent = time.perf_counter() - begin, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(took, spent, peak, found.height, *checked(found), sep="\t")


def main() -> None:
    ask = argparse.ArgumentParser()
    ask.add_argument("--events", type=int, default=1_000_000)
    ask.add_argument("--rows", type=int, default=5_000_000)
    ask.add_argument("--keys", type=int, default=200_000)
    ask.add_argument("--way", default="")
    ask.add_argument("--root", default="")
    given = ask.parse_args()
    if given.way:
        alone(given.way, Path(given.root))
        return
    root = Path(tempfile.mkdtemp(prefix="meguru-features-"))
    try:
        write(root, given.rows, given.events, given.keys)
        compare(root, given)
    finally:
        shutil.rmtree(root, ignore_errors=True)


def compare(root: Path, given: argparse.Namespace) -> None:
    """Run each way, and print how they compare."""
    views = f"{VIEWS} views of {given.rows:,} rows and {FEATURES} features"
    print(f"{given.events:,} rows, {views}, {given.keys:,} keys")
    print(f"{'':<18}{'wall s':>8}{'CPU s':>8}{'GB':>6}{'values':>12}   against meguru")
    answers, base = {}, 0.0
    for way in WAYS:
        if way.startswith("duckdb") and not has_duckdb():
            print(f"{way:<18} not installed")
            continue
        command = [sys.executable, __file__, "--way", way, "--root", str(root)]
        said = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split("\t")
        took, spent, peak = map(float, said[:3])
        base = took if way == "meguru" else base
        ratio = f"{took / base:.2f}x" if base else ""
        print(f"{way:<18}{took:8.2f}{spent:8.2f}{peak:6.2f}{int(said[4]):>12,}   {ratio}")
        answers[way] = (said[3], said[4], round(float(said[5]), 1))
    same = len(set(answers.values())) == 1
    print("all gave the same rows and values" if same else f"THEY DIFFER: {answers}")


def has_duckdb() -> bool:
    from importlib.util import find_spec

    return find_spec("duckdb") is not None


if __name__ == "__main__":
    main()
