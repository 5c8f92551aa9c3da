"""Business metrics and the traffic of endpoints on PostgreSQL, of several servers."""

from __future__ import annotations

import threading
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta

import pytest

from meguru.app.open import open_local
from meguru.base.settings import Settings
from meguru.business.operations import create as create_metric
from meguru.business.operations import measure, show_metric
from meguru.predictions import ids, outcome_store, payload, store
from meguru.predictions.types import PredictionBatch
from meguru.serving.operations import create, traffic
from meguru.serving.traffic import store as counts
from meguru.serving.traffic.types import TrafficCounts

pytestmark = pytest.mark.integration
MAY, JUNE = datetime(2026, 5, 1, tzinfo=UTC), datetime(2026, 6, 1, tzinfo=UTC)


@pytest.fixture
def servers(postgres_url, tmp_path):
    settings = Settings(blobs=str(tmp_path / "blobs"))
    with ExitStack() as stack:
        found = [stack.enter_context(open_local(postgres_url, settings=settings)) for _ in range(3)]
        create(found[0], name="delay", model="delay")
        yield found


def together(servers, work):
    threads = [threading.Thread(target=work, args=(each,)) for each in servers]
    for each in threads:
        each.start()
    for each in threads:
        each.join()


def test_old_minutes_that_several_servers_fold_at_a_time_are_counted_once(servers):
    for number, ws in enumerate(servers):
        minutes = [
            TrafficCounts(start=MAY + timedelta(minutes=each), requests=1, watched=60, latencies={0: 1})
            for each in range(0, 300, 7)
        ]
        with ws.db.write() as tx:
            counts.put(tx, "delay", f"server-{number}", minutes)

    def fold(ws):
        more = 1
        while more:
            with ws.db.write() as tx:
                more = counts.fold(tx, MAY + timedelta(hours=5))

    together(servers, fold)
    found = traffic(servers[0], name="delay", start=MAY, end=JUNE, parts=1).total
    assert (found.requests, found.latencies) == (129, {0: 129})
    with servers[0].read() as tx:
        assert {each.span for each in counts.between(tx, "delay", MAY, JUNE)} == {3600}


def test_a_metric_that_two_servers_measure_at_a_time_is_kept_once(servers):
    times = [MAY + timedelta(hours=each) for each in range(100)]
    content = payload.make({"wind": "double"}, {"wind": [0.5] * 100}, [0.9] * 100, times)
    batch = PredictionBatch(
        id=ids.new_batch_id(),
        endpoint="delay",
        model_ref="model/delay@1",
        release_ref="release/delay@1",
        received_at=MAY,
        first_time=times[0],
        last_time=times[-1],
        n=100,
        payload=payload.pack(content),
    )
    with servers[0].db.write() as tx:
        store.add(tx, [batch])
        known = [outcome_store.row_of((batch.id, row), 1.0, MAY, MAY, "me") for row in range(60)]
        outcome_store.record(tx, "delay", known)
    sql = "SELECT 100 * outcome AS value FROM predictions"
    create_metric(servers[0], name="gain", endpoint="delay", sql=sql)
    together(servers[:2], lambda ws: measure(ws, name="gain", start=MAY, end=JUNE))
    (found,) = show_metric(servers[2], name="gain").values
    assert (found.value, found.rows, found.outcomes) == (6000, 100, 60)
