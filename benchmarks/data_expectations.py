"""What expectations cost beside hand-written Polars and pandera: 10 million rows, 10 columns, one pass each.

Three ranges, five columns without missing values, one unique column, one set, one pattern over 10 million
e-mail addresses, one prefix. All read the same Parquet file, in turns; the ratios are of the medians of time
and of what the cores did. Another number of rows: ``make bench BENCH=data_expectations ARGS=1000000``.
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl

from meguru.datasets.expectations.base import CheckedRows
from meguru.datasets.expectations.evaluate import evaluate
from meguru.datasets.expectations.read import expectations_of
from meguru.stats.profile import profile_frame

ROWS, TURNS, PROFILED = 10_000_000, 3, 1_000_000
MAIL = r"^[^@\s]+@[^@\s]+\.[a-z]+$"
CODES = [f"c{number}" for number in range(10)]
FULL = ["id", "user", "price", "quantity", "mail"]


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder, "rows.parquet")
        made(rows).write_parquet(place)
        scan = pl.scan_parquet(place)
        expected = expectations_of(DECLARED)
        checked = CheckedRows(scan=scan, schema=dict(scan.collect_schema()), now=datetime.now(UTC))
        ways: dict[str, Callable[[], object]] = {
            "hand-written Polars": lambda: by_hand(scan),
            "expectations": lambda: all(each.passed for each in evaluate(expected, checked)),
        }
        try:
            ways["pandera"] = pandera_of(place)
        except ImportError:
            print("pandera is not installed")
        taken: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
        for _ in range(TURNS):
            for name, way in ways.items():
                began, used = time.perf_counter(), time.process_time()
                way()
                taken[name].append((time.perf_counter() - began, time.process_time() - used))
        middle = {
            name: [statistics.median(each) for each in zip(*two, strict=True)] for name, two in taken.items()
        }
        floor = middle["hand-written Polars"]
        for name, (wall, cpu) in middle.items():
            print(
                f"{name:22} {wall:6.2f} s {wall / floor[0]:5.2f}x   {cpu:6.2f} core s {cpu / floor[1]:5.2f}x"
            )
        frame = pl.read_parquet(place, n_rows=PROFILED)
        began, used = time.perf_counter(), time.process_time()
        profile_frame(frame)
        wall, cpu = time.perf_counter() - began, time.process_time() - used
        print(
            f"{'profile':22} {wall:6.2f} s          {cpu:6.2f} core s   of {frame.height:,} rows, all columns"
        )


DECLARED = [
    {"check": "range", "column": "price", "min": 0, "max": 100},
    {"check": "range", "column": "quantity", "min": 0, "max": 10},
    {"check": "range", "column": "score", "min": -10, "max": 10},
    {"check": "nulls", "columns": FULL},
    {"check": "unique", "columns": ["id"]},
    {"check": "allowed", "column": "country", "values": CODES},
    {"check": "pattern", "column": "mail", "pattern": MAIL},
    {"check": "pattern", "column": "sku", "pattern": "^SKU-"},
]


def made(rows: int) -> pl.DataFrame:
    rng = np.random.default_rng(0)
    users = pl.Series(rng.integers(0, 1_000_000, rows))
    return pl.DataFrame(
        {
            "id": np.arange(rows),
            "user": users,
            "price": rng.random(rows) * 100,
            "quantity": rng.integers(0, 10, rows),
            "score": rng.normal(size=rows),
            "country": "c" + pl.Series(rng.integers(0, 10, rows)).cast(pl.String),
            "mail": users.cast(pl.String) + "@example.com",
            "sku": "SKU-" + pl.Series(rng.integers(0, 100_000, rows)).cast(pl.String),
            "a": rng.random(rows),
            "at": pl.Series(rng.integers(0, 10**9, rows)).cast(pl.Datetime("ms")),
        }
    )


def by_hand(scan: pl.LazyFrame) -> pl.DataFrame:
    return scan.select(
        pl.len(),
        ((pl.col("price") < 0) | (pl.col("price") > 100)).sum(),
        ((pl.col("quantity") < 0) | (pl.col("quantity") > 10)).sum(),
        ((pl.col("score") < -10) | (pl.col("score") > 10)).sum(),
        *[pl.col(name).null_count().alias(f"{name} missing") for name in FULL],
        pl.col("id").n_unique(),
        (~pl.col("country").is_in(CODES)).sum(),
        (~pl.col("mail").str.contains(MAIL)).sum(),
        (~pl.col("sku").str.starts_with("SKU-")).sum(),
    ).collect(engine="streaming")


def pandera_of(place: Path) -> Callable[[], object]:
    import pandera.polars as pandera

    schema = pandera.DataFrameSchema(
        {
            "id": pandera.Column(unique=True),
            "user": pandera.Column(),
            "price": pandera.Column(checks=pandera.Check.in_range(0, 100)),
            "quantity": pandera.Column(checks=pandera.Check.in_range(0, 10)),
            "score": pandera.Column(checks=pandera.Check.in_range(-10, 10)),
            "country": pandera.Column(checks=pandera.Check.isin(CODES)),
            "mail": pandera.Column(checks=pandera.Check.str_matches(MAIL)),
            "sku": pandera.Column(checks=pandera.Check.str_startswith("SKU-")),
        }
    )
    return lambda: schema.validate(pl.read_parquet(place), lazy=True)


if __name__ == "__main__":
    main()
