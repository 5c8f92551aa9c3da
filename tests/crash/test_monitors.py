"""Kill a server while its monitors look: each window has one report, whoever made it."""

from __future__ import annotations

import random
import subprocess
import sys
import textwrap
import time
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from meguru.app.open import open_local
from meguru.base.settings import Settings
from meguru.kernel import events
from meguru.kernel.jobs.schema import job
from meguru.monitoring.operations import create
from meguru.monitoring.schedule.rules import WindowRule
from meguru.monitoring.schema import monitor_window
from meguru.predictions import ids, payload, store
from meguru.predictions.types import PredictionBatch
from meguru.testing.contracts.checks import make_rows

pytestmark = [pytest.mark.crash, pytest.mark.soak]
DAY, DAYS, KILLS = timedelta(days=1), 40, 6
FIRST = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - (DAYS + 1) * DAY
SETTINGS = Settings(sqlite_synchronous="NORMAL", lease_seconds=0.5)
PROGRAM = textwrap.dedent(
    """
    import sys
    import threading

    from meguru.app.open import open_local
    from meguru.base.plugins import PluginFamily
    from meguru.base.settings import Settings
    from meguru.kernel.jobs import Worker
    from meguru.monitoring.kind import MONITOR
    from meguru.monitoring.schedule.service import MonitorScheduler

    settings = Settings(sqlite_synchronous="NORMAL", lease_seconds=0.5)
    with open_local(sys.argv[1], settings=settings) as workspace:
        Worker(workspace, PluginFamily("monitor job", MONITOR.jobs), threads=1).start()
        print("ready", flush=True)
        MonitorScheduler(workspace).run(threading.Event())
    """
)


def batch(day):
    rows = make_rows(50, seed=day)
    times = [FIRST + day * DAY + timedelta(minutes=28) * index for index in range(50)]
    content = payload.make({"wind": "double"}, {"wind": rows["wind"].to_list()}, rows["_score"], times)
    return PredictionBatch(
        id=ids.new_batch_id(),
        endpoint="delay",
        model_ref="model/delay@1",
        release_ref="release/delay@1",
        received_at=times[-1],
        first_time=times[0],
        last_time=times[-1],
        n=50,
        payload=payload.pack(content),
    )


def looked_at(ws):
    with ws.read() as tx:
        return [each.data["start"] for each in events.read(tx, types=("monitor.evaluated",), limit=1000)]


@pytest.mark.parametrize("seed", [1, 2])
def test_a_server_that_is_killed_while_it_looks_forgets_no_window_and_tells_of_none_twice(tmp_path, seed):
    draw, folder = random.Random(seed), tmp_path / "workspace"
    with open_local(folder, settings=SETTINGS) as ws:
        told = {"type": "endpoint.created", "at": FIRST, "actor": "local", "operation": "endpoint.create"}
        with ws.db.write() as tx:
            events.append(tx, subject="endpoint/delay", data={"model": "delay", "gates": []}, **told)
            store.add(tx, [batch(day) for day in range(DAYS)])
        rule = WindowRule(calendar="day")
        create(ws, name="watch", endpoint="delay", min_rows=10, window=rule, checks=[{"check": "psi"}])
        for kill in range(KILLS + 1):
            command = [sys.executable, "-c", PROGRAM, str(folder)]
            process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
            try:
                assert process.stdout.readline() == "ready\n"
                if kill < KILLS:
                    time.sleep(draw.uniform(0.05, 0.6))
                else:
                    until_rested(ws)
            finally:
                process.kill()
                process.communicate()
        found = looked_at(ws)
        with ws.read() as tx:
            assert events.verify(tx).intact
    assert len(found) == len(set(found))
    # Those up to the last day are full: after it nothing came, and time went on by the clock.
    assert {f"{FIRST + day * DAY:%Y-%m-%dT%H:%M:%SZ}" for day in range(DAYS)} <= set(found)


def until_rested(ws):
    """Wait until nothing is due; a job that was killed too often is followed by another, a minute later."""
    for _ in range(1200):
        with ws.read() as tx:
            states = list(tx.execute(select(job.c.state).where(job.c.kind == "monitor")).scalars())
            due = tx.execute(
                select(monitor_window.c.start).where(monitor_window.c.due_at.is_not(None))
            ).first()
        if due is None and set(states) <= {"parked", "failed"} and "parked" in states:
            return
        time.sleep(0.1)
    pytest.fail(f"the monitor's job never rested: {states}")
