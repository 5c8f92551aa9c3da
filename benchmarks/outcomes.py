"""How fast outcomes come in: over HTTP beside predictions, and from one file, joined by key.

``make bench BENCH=outcomes`` takes a million rows from the file; ``ARGS=100000`` says how many. The floor is
the `sqlite3` module alone, in the same run: the same rows with the same primary key, as many in a
transaction, synced as the workspace is. Memory is the most that the importing process held beyond what it
began with.
"""

from __future__ import annotations

import json
import random
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import numpy as np
import polars as pl
from sklearn.linear_model import LogisticRegression

from meguru.app.open import open_local
from meguru.app.outcome_import import A_CALL
from meguru.flavors.model import Model
from meguru.predictions import ids, payload, store
from meguru.predictions.types import PredictionBatch
from meguru.registry.client import add_model
from meguru.serving.operations import create, switch
from meguru.testing.processes import free_ports, running

START = datetime(2026, 1, 1, tzinfo=UTC)
A_BATCH = 500
ROW = {"row": {"a": 0.1, "b": 0.2}}
HTTP_SECONDS = 10
HTTP_BATCH = 500


def fill(ws, rows: int) -> None:
    """Store predictions of an endpoint, each with a key of its own."""
    X = np.random.default_rng(1).normal(size=(100, 2))
    model = LogisticRegression().fit(X, X[:, 0] > 0)
    example = pl.DataFrame(X[:5], schema=["a", "b"])
    version = add_model(ws, "bench", Model(estimator=model, example=example))
    create(ws, name="bench", model="bench")
    switch(ws, name="bench", model_ref=version.ref, release_ref="release/bench@1")
    for first in range(0, rows, A_BATCH):
        times = [START + timedelta(seconds=first + row) for row in range(A_BATCH)]
        features = {"a": [0.5] * A_BATCH, "b": [0.5] * A_BATCH}
        content = payload.make({"a": "double", "b": "double"}, features, [0.5] * A_BATCH, times)
        batch = PredictionBatch(
            id=ids.new_batch_id(),
            endpoint="bench",
            model_ref=version.ref,
            release_ref="release/bench@1",
            received_at=times[-1],
            first_time=times[0],
            last_time=times[-1],
            n=A_BATCH,
            payload=payload.pack(content),
            rows=[(f"k{first + row}", time) for row, time in enumerate(times)],
        )
        with ws.db.write() as tx:
            store.add(tx, [batch])


def shuffled(rows: int, file: Path) -> None:
    """Write a file of outcomes in no order."""
    order = list(range(rows))
    random.Random(1).shuffle(order)
    times = [START + timedelta(seconds=each) for each in order]
    keys = [f"k{each}" for each in order]
    pl.DataFrame({"key": keys, "time": times, "value": [each % 2 for each in order]}).write_parquet(file)


def floor(rows: int, file: Path) -> float:
    """Return seconds that bare `sqlite3` takes to write as much."""
    db = sqlite3.connect(file, isolation_level=None)
    db.execute("PRAGMA journal_mode=wal")
    db.execute("PRAGMA synchronous=FULL")
    db.execute(
        "CREATE TABLE outcome (batch_id TEXT, row INTEGER, value REAL, at TEXT, recorded_at TEXT, "
        "recorded_by TEXT, PRIMARY KEY (batch_id, row))"
    )
    order = list(range(rows))
    random.Random(1).shuffle(order)
    at = "2026-01-01T00:00:00.000000Z"
    made = [(f"pred-{n // A_BATCH:026d}", n % A_BATCH, 1.0, at, at, "local") for n in order]
    began = time.perf_counter()
    for first in range(0, rows, A_CALL):
        db.execute("BEGIN IMMEDIATE")
        db.executemany("INSERT INTO outcome VALUES (?, ?, ?, ?, ?, ?)", made[first : first + A_CALL])
        db.execute("COMMIT")
    return time.perf_counter() - began


IMPORT = r"""
import re, sys, time
from pathlib import Path
from meguru.app.open import open_local
from meguru.app.outcome_import import import_outcomes
ws = open_local(sys.argv[1])
def most():
    return int(re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[1])
before = most()
began, cpu = time.perf_counter(), time.process_time()
done = import_outcomes(ws, "bench", sys.argv[2])
held = most() - before
print(done.count, time.perf_counter() - began, time.process_time() - cpu, held / 1024)
"""


def from_file(folder: Path, rows: int) -> None:
    bare = floor(rows, folder / "floor.db")
    command = [sys.executable, "-c", IMPORT, str(folder / "w"), str(folder / "o.parquet")]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    count, seconds, cpu, held = (float(each) for each in said.split())
    assert count == rows
    print(
        f"file, {rows:,} by key and time: {seconds:.1f} s ({rows / seconds:,.0f}/s; processor {cpu:.1f} s), "
        f"{held:.0f} MiB more memory; bare sqlite3 {bare:.1f} s, ratio {seconds / bare:.1f}"
    )


def over_http(folder: Path, rows: int) -> None:
    """Send batches for some seconds, while somebody else asks for predictions one by one."""
    (port,) = free_ports(1)
    url = f"http://127.0.0.1:{port}"

    def ready() -> bool:
        try:
            return httpx2.post(f"{url}/endpoints/bench/predict", json=ROW).status_code == 200
        except httpx2.TransportError:
            return False

    command = [Path(sys.executable).with_name("meguru"), "up", "-w", folder / "w", "--port", str(port)]
    with running(command, folder / "log", ready), httpx2.Client(base_url=url) as client:
        waits: dict[bool, list[float]] = {True: [], False: []}
        sending, stop = threading.Event(), threading.Event()

        def predict() -> None:
            with httpx2.Client(base_url=url) as other:
                while not stop.is_set():
                    began = time.perf_counter()
                    answer = other.post("/endpoints/bench/predict", json=ROW)
                    assert answer.status_code == 200, answer.text
                    waits[sending.is_set()].append(time.perf_counter() - began)
                    time.sleep(0.01)

        asking = threading.Thread(target=predict)
        asking.start()
        time.sleep(2)
        sending.set()
        sent, began = 0, time.perf_counter()
        while time.perf_counter() - began < HTTP_SECONDS and sent < rows:
            lines = [
                {"key": f"k{sent + n}", "time": (START + timedelta(seconds=sent + n)).isoformat(), "value": 1}
                for n in range(HTTP_BATCH)
            ]
            body = "\n".join(json.dumps(each) for each in lines)
            headers = {"Content-Type": "application/x-ndjson"}
            answer = client.post("/outcomes", params={"endpoint": "bench"}, content=body, headers=headers)
            assert answer.json()["count"] == HTTP_BATCH, answer.text
            sent += HTTP_BATCH
        seconds = time.perf_counter() - began
        stop.set()
        asking.join()
    quiet, busy = (statistics.quantiles(waits[each], n=20)[-1] * 1000 for each in (False, True))
    print(
        f"HTTP, {HTTP_BATCH} a call: {sent / seconds * 60:,.0f} a minute while predictions go on "
        f"(their p95 {busy:.1f} ms, without outcomes {quiet:.1f} ms)"
    )


def main() -> None:
    rows = int(sys.argv[1]) if sys.argv[1:] else 1_000_000
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with open_local(folder / "w") as ws:
            fill(ws, rows)
        shuffled(rows, folder / "o.parquet")
        from_file(folder, rows)
    with tempfile.TemporaryDirectory() as name:
        with open_local(Path(name) / "w") as ws:
            fill(ws, 100_000)
        over_http(Path(name), 100_000)


if __name__ == "__main__":
    main()
