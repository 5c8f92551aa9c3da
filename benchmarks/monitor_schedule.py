"""What 1,000 monitors of 100 endpoints cost that look by themselves each hour: as a share of one core.

An hour of traffic is recorded at each endpoint, the clock passes the end of the hour, and the service and
a worker do what a server does: a look at the counts every two seconds, and one look of each monitor an hour.
The processor's time of both is what counts, not the wall's: the machine may be busy. The floor is the bare
comparison of the same windows, without schedule, job, report and event.
"""

import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
from sklearn.linear_model import LogisticRegression
from sqlalchemy import select

from meguru.app.nouns import load_operations
from meguru.app.open import open_local
from meguru.base.clock import FixedClock
from meguru.base.plugins import PluginFamily
from meguru.base.settings import Settings
from meguru.flavors.model import Model
from meguru.kernel import events
from meguru.kernel.jobs import Worker
from meguru.kernel.jobs.schema import job
from meguru.monitoring import store as monitors
from meguru.monitoring.kind import MONITOR
from meguru.monitoring.operations import create
from meguru.monitoring.run import make_report
from meguru.monitoring.schedule.rules import WindowRule
from meguru.monitoring.schedule.service import IDLE_SECONDS, MonitorScheduler
from meguru.predictions import ids, outcome_store, payload
from meguru.predictions import store as predictions
from meguru.predictions.types import PredictionBatch
from meguru.registry.client import add_model

ENDPOINTS, MONITORS = 100, 1000
COLUMNS = tuple(f"c{number}" for number in range(10))
LOOKED = int(sys.argv[1]) if len(sys.argv) > 1 else 200
"""So many monitors look; the others cost what these do."""
REQUESTS, ROWS = 20, 50
NOON, HOUR = datetime(2026, 5, 1, 12, tzinfo=UTC), timedelta(hours=1)
TICKS = 100
LIMIT = 0.10


def main() -> None:
    load_operations()
    with tempfile.TemporaryDirectory(prefix="clock-bench-") as folder:
        clock = FixedClock(NOON)
        with open_local(
            Path(folder) / "ws", settings=Settings(sqlite_synchronous="NORMAL"), clock=clock
        ) as ws:
            register(ws)
            measure(ws, clock)


def register(ws) -> None:
    """Register a model of ten columns with a holdout and the profile of its training data."""
    rows = made(20_000, seed=9)
    model = LogisticRegression(max_iter=500).fit(rows.select(COLUMNS).to_numpy(), rows["late"].to_numpy())
    known = rows.select(COLUMNS)
    add_model(
        ws, "delay", Model(estimator=model, example=known.head(5), holdout=rows, label="late", baseline=known)
    )


def made(count, seed) -> pl.DataFrame:
    generator = np.random.default_rng(seed)
    values = generator.normal(size=(count, len(COLUMNS)))
    late = (values[:, 0] + generator.normal(size=count) > 0).astype(int)
    return pl.DataFrame(values, schema=list(COLUMNS)).with_columns(pl.Series("late", late))


def measure(ws, clock) -> None:
    for number in range(ENDPOINTS):
        declare(ws, f"e{number:03}", MONITORS // ENDPOINTS)
    traffic(ws, clock, NOON)
    service = MonitorScheduler(ws)
    worker = Worker(ws, PluginFamily("monitor job", MONITOR.jobs), threads=1)
    service.step()
    drain(ws, worker, MONITORS)  # where the windows begin: within the hour, nothing is due
    began = time.process_time()
    for _ in range(TICKS):
        service.step()
    tick = (time.process_time() - began) / TICKS
    clock.set(NOON + HOUR)
    traffic(ws, clock, NOON + HOUR)
    clock.set(NOON + 2 * HOUR)

    began = time.process_time()
    woken = service.step()
    wake = (time.process_time() - began) / max(woken, 1)
    began = time.process_time()
    done = drain(ws, worker, LOOKED)
    job_cost = (time.process_time() - began) / done

    began = time.process_time()
    with ws.read() as tx:
        for number in range(10):
            item = monitors.one(tx, f"e{number:03}-m0")
            make_report(tx, ws.blobs, item, NOON + 5 * HOUR, NOON + 6 * HOUR, clock.now())
            make_report(tx, ws.blobs, item, NOON - HOUR, NOON + HOUR, clock.now())
    floor = (time.process_time() - began) / 10

    hour = MONITORS * (wake + job_cost) + tick * 3600 / IDLE_SECONDS
    print(
        f"{MONITORS} monitors of {ENDPOINTS} endpoints, {REQUESTS * ROWS:,} rows an hour each, {done} looked"
    )
    print(f"a look at the counts      {tick * 1000:8.2f} ms")
    print(f"to wake a monitor         {wake * 1000:8.2f} ms")
    print(f"one look of a monitor     {job_cost * 1000:8.2f} ms, {job_cost / floor:.1f} times the floor")
    print(f"an hour                   {hour:8.1f} s of one core: {hour / 3600:.1%} (limit {LIMIT:.0%})")
    if hour / 3600 > LIMIT:
        sys.exit("above the limit")


def declare(ws, name, count) -> None:
    told = {"type": "endpoint.created", "at": NOON, "actor": "local", "operation": "endpoint.create"}
    with ws.db.write() as tx:
        events.append(tx, subject=f"endpoint/{name}", data={"model": "delay", "gates": []}, **told)
    for number in range(count):
        create(ws, name=f"{name}-m{number}", endpoint=name, min_rows=100, window=WindowRule(calendar="hour"))


def traffic(ws, clock, start) -> None:
    """Record an hour of requests at every endpoint, and the outcomes."""
    rows = made(REQUESTS * ROWS, seed=1)
    step, now = HOUR / rows.height, clock.now()
    for number in range(ENDPOINTS):
        batches = [
            batch(f"e{number:03}", rows[at : at + ROWS], start + step * at, step)
            for at in range(0, rows.height, ROWS)
        ]
        with ws.db.write() as tx:
            predictions.add(tx, batches)
            for one, at in zip(batches, range(0, rows.height, ROWS), strict=True):
                truth = rows["late"][at : at + ROWS].to_list()
                told = [outcome_store.row_of((one.id, n), v, now, now, "me") for n, v in enumerate(truth)]
                outcome_store.record(tx, one.endpoint, told)


def batch(endpoint, rows, start, step) -> PredictionBatch:
    times = [start + step * index for index in range(rows.height)]
    content = payload.make(
        dict.fromkeys(COLUMNS, "double"),
        {name: rows[name].to_list() for name in COLUMNS},
        (1 / (1 + (-rows[COLUMNS[0]]).exp())).to_list(),
        times,
    )
    return PredictionBatch(
        id=ids.new_batch_id(),
        endpoint=endpoint,
        model_ref="model/delay@1",
        release_ref="release/delay@1",
        received_at=times[-1],
        first_time=times[0],
        last_time=times[-1],
        n=rows.height,
        payload=payload.pack(content),
    )


def drain(ws, worker, most) -> int:
    with ws.read() as tx:
        waiting = select(job.c.id).where(job.c.kind == "monitor", job.c.state == "queued").limit(most)
        found = list(tx.execute(waiting).scalars())
    for each in found:
        worker.run_job(each)
    return len(found)


if __name__ == "__main__":
    main()
