"""Two servers on one PostgreSQL: each window of a monitor is looked at once, also when one of them dies."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest
from sqlalchemy import select

from meguru.app.open import open_local
from meguru.base.clock import FixedClock
from meguru.base.plugins import PluginFamily
from meguru.base.settings import Settings
from meguru.kernel import events
from meguru.kernel.jobs import Worker, queue
from meguru.kernel.jobs.schema import job
from meguru.monitoring.kind import MONITOR
from meguru.monitoring.operations import create, run, show
from meguru.monitoring.schedule.rules import WindowRule
from meguru.monitoring.schedule.service import MonitorScheduler
from meguru.predictions import ids, payload, store
from meguru.predictions.types import PredictionBatch
from meguru.testing.contracts.checks import make_rows

pytestmark = pytest.mark.integration
MAY, DAY = datetime(2026, 5, 1, tzinfo=UTC), timedelta(days=1)
NAMES = ("one", "two", "three")


@pytest.fixture
def servers(postgres_url, tmp_path):
    """Open the same database twice, as two servers do, a week after its first predictions."""
    settings = Settings(blobs=str(tmp_path / "blobs"))
    with ExitStack() as stack:
        yield [
            stack.enter_context(open_local(postgres_url, settings=settings, clock=FixedClock(MAY + 4 * DAY)))
            for _ in range(2)
        ]


@pytest.fixture
def watched(servers):
    ws = servers[0]
    told = {"type": "endpoint.created", "at": MAY, "actor": "local", "operation": "endpoint.create"}
    with ws.db.write() as tx:
        events.append(tx, subject="endpoint/delay", data={"model": "delay", "gates": []}, **told)
        store.add(tx, [batch(day) for day in range(4)])
    for name in NAMES:
        rule = WindowRule(calendar="day")
        create(ws, name=name, endpoint="delay", min_rows=10, window=rule, checks=[{"check": "psi"}])


def batch(day):
    rows = make_rows(50, seed=day)
    times = [MAY + day * DAY + timedelta(minutes=28) * index for index in range(50)]
    content = payload.make({"wind": "double"}, {"wind": rows["wind"].to_list()}, rows["_score"], times)
    return PredictionBatch(
        id=ids.new_batch_id(),
        endpoint="delay",
        model_ref="model/delay@1",
        release_ref="release/delay@1",
        received_at=MAY + 4 * DAY,
        first_time=times[0],
        last_time=times[-1],
        n=50,
        payload=payload.pack(content),
    )


def looked_at(ws):
    with ws.read() as tx:
        told = events.read(tx, types=("monitor.evaluated",), limit=100)
    return sorted((each.subject, each.data["start"]) for each in told)


def until_rested(ws):
    after = 0
    for _ in range(300):
        with ws.read() as tx:
            states = list(tx.execute(select(job.c.state).where(job.c.kind == "monitor")).scalars())
        if len(states) == len(NAMES) and set(states) == {"parked"}:
            return
        after = events.wait(ws, after=after, timeout=0.1)
    pytest.fail(f"the monitors' jobs never rested: {states}")


def expected():
    return sorted(
        (f"monitor/{name}", (MAY + day * DAY).isoformat().replace("+00:00", "Z"))
        for name in NAMES
        for day in range(3)
    )


def worker_of(ws):
    return Worker(ws, PluginFamily("monitor job", MONITOR.jobs), threads=1)


def test_two_servers_look_at_each_window_once(servers, watched):
    clocks = [MonitorScheduler(ws) for ws in servers]
    workers = [worker_of(ws) for ws in servers]
    for worker in workers:
        worker.start()
    try:
        for clock in clocks:
            clock.step()
        until_rested(servers[0])
    finally:
        for worker in workers:
            worker.stop()
    assert looked_at(servers[0]) == expected()


def test_two_servers_that_judge_one_window_at_once_make_one_report(servers, watched):
    both = Barrier(2)

    def look(ws):
        both.wait()
        return run(ws, name="one", start=MAY, end=MAY + DAY)

    with ThreadPoolExecutor(2) as pool:
        for _ in range(3):
            first, second = pool.map(look, servers)
            assert first == second
    assert [each.id for each in show(servers[0], name="one").reports] == [first.id]
    assert looked_at(servers[0]) == [expected()[0]]


def test_what_a_server_left_that_died_another_one_does(servers, watched):
    dying, living = servers
    MonitorScheduler(dying).step()
    with dying.db.write() as tx:
        lease = timedelta(seconds=60)
        held = queue.claim(tx, owner="dead", now=dying.clock.now(), lease=lease, kinds=["monitor"])
    assert held is not None  # it dies now, with a monitor's job in its hand
    living.clock.move(timedelta(seconds=61))
    worker = worker_of(living)
    worker.start()
    try:
        until_rested(living)
    finally:
        worker.stop()
    assert looked_at(living) == expected()
    assert show(living, name="one").windows.due == []
