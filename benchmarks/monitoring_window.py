"""A window of many recorded predictions is judged: seconds, memory, and how both grow with the rows.

``make bench BENCH=monitoring_window`` records a million predictions of 18 columns over thirty days, a tenth
with outcomes, counts them, and judges the whole month; ``ARGS=10000000`` says how many. A process of its own
judges, so that its memory is that of the look alone: the most it held beyond what it held before.
The floor is one pass over as many numbers as the window has, in memory; it is what a look at rows can't beat.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
from sklearn.linear_model import LogisticRegression

from meguru.app.nouns import load_operations
from meguru.app.open import open_local
from meguru.base.settings import Settings
from meguru.flavors.model import Model
from meguru.monitoring import store as monitors
from meguru.monitoring.cells.count import count
from meguru.monitoring.operations import create
from meguru.monitoring.run import make_report
from meguru.predictions import ids, outcome_store, payload, store
from meguru.predictions.types import PredictionBatch
from meguru.registry.client import add_model
from meguru.serving.operations import create as create_endpoint
from meguru.serving.operations import switch

START, DAYS = datetime(2026, 5, 1, tzinfo=UTC), 30
END = START + timedelta(days=DAYS)
NUMBERS, WORDS, A_BATCH, VARIANTS = 12, 6, 10_000, 8
TYPES = {f"n{each}": "double" for each in range(NUMBERS)} | {f"w{each}": "string" for each in range(WORDS)}
SECONDS, MEGABYTES = 1.0, 200


def made(rows: int, seed: int) -> pl.DataFrame:
    draw = np.random.default_rng(seed)
    numbers = {f"n{each}": draw.normal(each, 1 + each, rows) for each in range(NUMBERS)}
    words = np.array([f"word {each}" for each in range(12)])
    return pl.DataFrame(numbers | {f"w{each}": words[draw.integers(0, 12, rows)] for each in range(WORDS)})


def fill(ws, rows: int) -> float:
    """Register a model and record predictions; return the seconds."""
    known = made(20_000, seed=1)
    numbers = known.select(f"n{each}" for each in range(NUMBERS))
    late = (numbers["n0"] + np.random.default_rng(2).normal(size=known.height) > 0).cast(pl.Int64)
    model = LogisticRegression(max_iter=200).fit(numbers.to_numpy(), late.to_numpy())
    holdout = numbers.with_columns(late.alias("late"))
    version = add_model(
        ws,
        "delay",
        Model(estimator=model, example=numbers.head(5), holdout=holdout, label="late", baseline=known),
    )
    create_endpoint(ws, name="delay", model="delay")
    switch(ws, name="delay", model_ref=version.ref, release_ref="release/delay@1")
    create(ws, name="watch", endpoint="delay")
    variants = [made(A_BATCH, seed=10 + each).to_dict(as_series=False) for each in range(VARIANTS)]
    draw = np.random.default_rng(3)
    began = time.perf_counter()
    step = (END - START) / rows
    for number in range(rows // A_BATCH):
        first = START + step * A_BATCH * number
        times = [first + step * row for row in range(A_BATCH)]
        score = draw.beta(2, 5, A_BATCH)
        content = payload.make(TYPES, variants[number % VARIANTS], score.tolist(), times)
        batch = PredictionBatch(
            id=ids.new_batch_id(),
            endpoint="delay",
            model_ref=version.ref,
            release_ref="release/delay@1",
            received_at=times[-1],
            first_time=times[0],
            last_time=times[-1],
            n=A_BATCH,
            payload=payload.pack(content),
        )
        happened = (draw.random(A_BATCH) < score).astype(float)
        with ws.db.write() as tx:
            store.add(tx, [batch])
            if number % 10 == 0:
                told = [
                    outcome_store.row_of((batch.id, row), value, END, END, "bench")
                    for row, value in enumerate(happened.tolist())
                ]
                outcome_store.record(tx, "delay", told)
    return time.perf_counter() - began


def count_all(ws) -> tuple[float, int]:
    began, portions, known = time.process_time(), 0, {}
    while count(ws, "delay", known):
        portions += 1
    return time.process_time() - began, portions


def judge(folder: str) -> None:
    """Judge the month in this process, and tell what it took."""
    load_operations()
    with open_local(Path(folder)) as ws:
        with ws.read() as tx:
            monitor = monitors.one(tx, "watch")
            make_report(tx, ws.blobs, monitor, START - timedelta(days=1), START, END)  # what is loaded once
        before = peak_kilobytes()
        found = []
        for _ in range(3):
            began, cpu = time.perf_counter(), time.process_time()
            with ws.read() as tx:
                report = make_report(tx, ws.blobs, monitor, START, END, END)
            found.append((time.perf_counter() - began, time.process_time() - cpu))
        peak = peak_kilobytes()
    wall, cpu = map(min, zip(*found, strict=True))
    held = (peak - before) / 1024
    print(json.dumps({"wall": wall, "cpu": cpu, "mb": held, "peak": peak / 1024, "rows": report.rows}))


def peak_kilobytes() -> int:
    """Return the most that this process ever held; what `resource` tells begins with the parent's."""
    status = Path("/proc/self/status")
    if not status.exists():
        import resource

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    line = next(each for each in status.read_text().splitlines() if each.startswith("VmHWM"))
    return int(line.split()[1])


def floor(rows: int) -> float:
    """Return the processor's seconds of one pass of sums over as many numbers."""
    block = np.random.default_rng(0).normal(size=(NUMBERS + WORDS, 100_000))
    began = time.process_time()
    for _ in range(10):
        block.sum(axis=1)
    return (time.process_time() - began) / 1_000_000 * rows


def main() -> None:
    if len(sys.argv) > 2:
        judge(sys.argv[2])
        return
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    load_operations()
    with tempfile.TemporaryDirectory(prefix="window-bench-") as folder:
        with open_local(Path(folder) / "ws", settings=Settings(sqlite_synchronous="NORMAL")) as ws:
            took = fill(ws, rows)
            cpu, portions = count_all(ws)
        print(f"{rows:,} predictions of {NUMBERS + WORDS} columns recorded in {took:.0f} s")
        print(f"counted in {portions} portions: {cpu / rows * 1e6:.2f} µs a row of the processor")
        command = [sys.executable, __file__, "judge", str(Path(folder) / "ws")]
        said = subprocess.run(command, capture_output=True, text=True, check=False)
        if said.returncode:
            sys.exit(said.stderr)
        told = json.loads(said.stdout.splitlines()[-1])
    print(
        f"judged: {told['wall']:.2f} s, {told['cpu']:.2f} s of the processor, {told['mb']:.0f} MB beyond "
        f"{told['peak'] - told['mb']:.0f} (limits {SECONDS:g} s, {MEGABYTES} MB); "
        f"one pass over the numbers takes {floor(rows):.3f} s: {told['cpu'] / floor(rows):.1f} times that"
    )
    if told["rows"] != rows or told["wall"] > SECONDS or told["mb"] > MEGABYTES:
        sys.exit(1)


if __name__ == "__main__":
    main()
