"""What cells cost: a row of 30 columns in the background, and a request where it is recorded.

Processor time, the middle of some rounds. The floor of counting is one pass of sums over the numeric columns
and one of lengths over the texts; that of recording is the same commit without the line that says what is to
be counted.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
from sqlalchemy import delete, insert

from meguru.app.nouns import load_operations
from meguru.app.open import open_local
from meguru.base.settings import Settings
from meguru.monitoring.cells.layout import BinLayout
from meguru.monitoring.cells.tally import tally_rows
from meguru.predictions import counts, ids, payload, store
from meguru.predictions.schema import prediction_batch, uncounted_batch
from meguru.predictions.types import PredictionBatch
from meguru.predictions.window import answered
from meguru.stats import profile_frame

NUMBERS, WORDS = 20, 10
TYPES = {f"n{each}": "double" for each in range(NUMBERS)} | {f"w{each}": "string" for each in range(WORDS)}
PORTIONS = (256, 1024, 10_000)
START = datetime(2026, 5, 1, tzinfo=UTC)
LIMIT, REQUEST_LIMIT = 2.0, 1.25
ROUNDS, REQUESTS, A_COMMIT = 15, 2_048, 64


def made(rows: int, seed: int) -> pl.DataFrame:
    draw = np.random.default_rng(seed)
    numbers = {f"n{each}": draw.normal(each, 1 + each, rows) for each in range(NUMBERS)}
    words = np.array(["AA", "DL", "UA", "WN", "B6", "AS", "NK", "F9"])
    return pl.DataFrame(numbers | {f"w{each}": words[draw.integers(0, 8, rows)] for each in range(WORDS)})


def cpu(work: Callable[[], object], rounds: int = ROUNDS) -> float:
    """Return the processor's seconds of the middle round, all threads together."""
    found = []
    for _ in range(rounds):
        began = time.process_time()
        work()
        found.append(time.process_time() - began)
    return statistics.median(found)


def passed_over(frame: pl.DataFrame) -> None:
    frame.select(
        *(pl.col(f"n{each}").sum() for each in range(NUMBERS)),
        *(pl.col(f"w{each}").str.len_bytes().sum() for each in range(WORDS)),
    )


def batches(rows: int, a_request: int) -> list[PredictionBatch]:
    frame = made(rows, seed=5)
    made_of = []
    for first in range(0, rows, a_request):
        part = frame[first : first + a_request]
        times = [START + timedelta(milliseconds=first + row) for row in range(part.height)]
        content = payload.make(TYPES, part.to_dict(as_series=False), [0.5] * part.height, times)
        made_of.append(
            PredictionBatch(
                id=ids.new_batch_id(),
                endpoint="bench",
                model_ref="model/bench@1",
                release_ref="release/bench@1",
                received_at=START,
                first_time=times[0],
                last_time=times[-1],
                n=part.height,
                payload=payload.pack(content),
            )
        )
    return made_of


def counting() -> bool:
    """Print what a row costs in portions; tell whether it is within the limit."""
    layout, fine = BinLayout(profile_frame(made(50_000, seed=1))), True
    print("a row of 30 columns, µs: counted; of that the pass over it; read from its record and counted")
    for rows in PORTIONS:
        frame, hours = made(rows, seed=2), np.zeros(rows, dtype=np.int64)
        took = cpu(lambda: tally_rows(layout, frame, hours, 1)) / rows * 1e6  # noqa: B023 - called at once
        least = cpu(lambda: passed_over(frame)) / rows * 1e6  # noqa: B023
        recorded = batches(rows, a_request=rows)

        def whole() -> None:
            tally_rows(layout, answered(recorded, with_ids=False), hours, 1)  # noqa: B023

        read = cpu(whole, 5) / rows * 1e6
        print(f"  portions of {rows:>6,}: {took:5.2f}; {least:5.2f} ({took / least:.0f} times); {read:5.2f}")
        fine &= took <= LIMIT
    return fine


def recording() -> bool:
    """Print what a request costs where it is recorded, with and without what counting asks of it."""
    found: dict[str, list[float]] = {"with": [], "without": []}
    with tempfile.TemporaryDirectory(prefix="cells-bench-") as folder:
        settings = Settings(sqlite_synchronous="NORMAL")
        with open_local(Path(folder) / "ws", settings=settings) as ws:
            made_of = batches(REQUESTS, a_request=1)
            for _ in range(ROUNDS):
                for way, add in (("with", store.add), ("without", add_uncounted)):
                    began = time.process_time()
                    for first in range(0, REQUESTS, A_COMMIT):
                        with ws.db.write() as tx:
                            add(tx, made_of[first : first + A_COMMIT])
                    found[way].append(time.process_time() - began)
                    with ws.db.write() as tx:
                        tx.execute(delete(uncounted_batch))
                        tx.execute(delete(prediction_batch))
    ratios = [one / other for one, other in zip(found["with"], found["without"], strict=True)]
    ratio = statistics.median(ratios)
    took = statistics.median(found["with"]) / REQUESTS * 1e6
    print(f"a request recorded, {A_COMMIT} a commit: {took:.1f} µs, {ratio:.2f} times what it is uncounted")
    return ratio <= REQUEST_LIMIT


def add_uncounted(tx, some) -> None:
    """Write requests as `store.add` does, and nothing of counting."""
    import msgspec

    values = [msgspec.structs.asdict(each) for each in some]
    for value in values:
        value.pop("rows")
    tx.execute(insert(prediction_batch), values)
    counts.add(tx, some)


def main() -> None:
    load_operations()
    fine = [counting(), recording()]
    if not all(fine):
        sys.exit(1)


if __name__ == "__main__":
    main()
