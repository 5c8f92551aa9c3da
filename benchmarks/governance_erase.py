"""What it costs to erase one person, beside Polars that scans one column and writes the touched files anew.

Raw rows lie in files as they came, of random people; features in files sorted by person, over two versions;
each prediction is a request of its own. Small by default; ``--full`` is ten million rows of raw, as many of
features and a million predictions. The workspace is made first, which takes the longest.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from meguru.app.nouns import load_operations
from meguru.app.open import open_local
from meguru.base.settings import Settings
from meguru.datasets.client import add_files
from meguru.datasets.manifest import load_manifest
from meguru.datasets.personal.erase import erase
from meguru.datasets.show import show
from meguru.kernel.workspace import Workspace
from meguru.predictions import payload, store
from meguru.predictions.types import PredictionBatch

FULL, SMALL = (10_000_000, 1_000_000), (1_000_000, 50_000)
FILES, THEIRS, TOUCHED, WHO = 20, 30, 2, 7
NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
LIMIT, FULL_LIMIT, SECONDS = 12.0, 10.0, 10.0
"""Times of the floor, which looks at no predictions and no other table; seconds of an erasure."""


def timed(work: Callable[[], Any]) -> tuple[float, float, Any]:
    """Return how many seconds some work takes, how many of the processor, and what it gives."""
    begin, used = time.perf_counter(), time.process_time()
    found = work()
    return time.perf_counter() - begin, time.process_time() - used, found


def table(rows: int, number: int, *, people: bool) -> pl.DataFrame:
    """Make one file: of random people, or of people in their order."""
    random = np.random.default_rng(number)
    who = random.integers(1000, 2_000_000, rows)
    if people:
        who = np.sort(who // FILES + number * 100_000)
    if number < TOUCHED:
        who[random.integers(0, rows, THEIRS) if not people else slice(0, THEIRS)] = WHO
    values = {f"x{each}": random.normal(size=rows).round(3) for each in range(6)}
    return pl.DataFrame({"user_id": who, **values, "kind": random.integers(0, 50, rows)})


def fill(ws: Workspace, folder: Path, rows: int, predictions: int) -> None:
    """Register raw rows and features, and record predictions."""
    for name, people in (("raw", False), ("features", True)):
        paths = []
        for number in range(FILES):
            paths.append(folder / f"{name}-{number:02}.parquet")
            table(rows // FILES, number, people=people).write_parquet(paths[-1], row_group_size=100_000)
        add_files(ws, name, paths[: FILES // 2])
        add_files(ws, name, paths[FILES // 2 :], mode="append")
        for path in paths:
            path.unlink()
    random, batches = np.random.default_rng(1), []
    types = {"user_id": "long", "x0": "double", "kind": "string"}
    for number in range(predictions):
        who = WHO if number % (predictions // THEIRS) == 0 else int(random.integers(1000, 2_000_000))
        content = payload.make(types, {"user_id": [who], "x0": [0.5], "kind": ["web"]}, [0.25], [NOON])
        batches.append(
            PredictionBatch(
                id=f"pred-{number:026}", endpoint="delay", model_ref="model/delay@1",
                release_ref="release/delay@1", received_at=NOON, first_time=NOON, last_time=NOON, n=1,
                payload=payload.pack(content), rows=[(str(who), NOON)],
            )
        )  # fmt: skip
        if len(batches) == 10_000 or number == predictions - 1:
            with ws.db.write() as tx:
                store.add(tx, batches)
            batches.clear()


def floor(ws: Workspace, folder: Path) -> int:
    """Scan one column of each file, and write those anew that have the person, as plain Polars does."""
    size = 0
    for name in ("raw", "features"):
        for file in load_manifest(ws.blobs, show(ws, ref=name)).files:
            rows = pl.scan_parquet(ws.blobs.folder / file.digest[:2] / file.digest[2:], glob=False)
            if rows.filter(pl.col("user_id") == WHO).select(pl.len()).collect(engine="streaming").item():
                target = folder / "floor.parquet"
                rows.filter(pl.col("user_id") != WHO).sink_parquet(
                    target, compression="zstd", compression_level=1
                )
                size += target.stat().st_size
    return size


def main() -> int:
    """Build, measure the floor, erase, search again."""
    load_operations()
    rows, predictions = FULL if "--full" in sys.argv else SMALL
    with tempfile.TemporaryDirectory(prefix="meguru-bench-") as place:
        folder = Path(place)
        with open_local(folder / "w", settings=Settings(sqlite_synchronous="NORMAL")) as ws:
            making, _, _ = timed(lambda: fill(ws, folder, rows, predictions))
        print(f"made {2 * rows:,} rows and {predictions:,} predictions in {making:.1f} s")
        with open_local(folder / "w", settings=Settings(sqlite_synchronous="NORMAL")) as ws:
            _, plain, size = timed(lambda: floor(ws, folder))
            done, used, report = timed(lambda: erase(ws, who={"user_id": [str(WHO)]}))
            again, used_again, left = timed(lambda: erase(ws, who={"user_id": [str(WHO)]}, dry_run=True))
    assert left.found == [], left
    for each in report.found:
        print(f"  {each.ref}: {each.rows:,} {each.what}")
    print(f"floor {plain:.2f} s of the processor ({size / 1e6:.0f} MB written anew)")
    print(f"erased in {done:.2f} s ({used:.2f} of the processor): {2 * rows / done:,.0f} rows/s")
    print(f"searched again in {again:.2f} s ({used_again:.2f})")
    ratio, limit = used / plain, FULL_LIMIT if "--full" in sys.argv else LIMIT
    print(f"ratio to the floor: {ratio:.2f} (limit {limit:g})")
    return 1 if ratio > limit or ("--full" in sys.argv and done > SECONDS) else 0


if __name__ == "__main__":
    sys.exit(main())
