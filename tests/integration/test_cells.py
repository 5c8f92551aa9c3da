"""Several servers on one PostgreSQL count each request once, while more comes and outcomes change."""

from __future__ import annotations

import threading
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta

import pytest

from meguru.app.open import open_local
from meguru.base.settings import Settings
from meguru.kernel import events
from meguru.monitoring import store as monitors
from meguru.monitoring.cells.count import count
from meguru.monitoring.cells.rules import CountingRules, counted_by
from meguru.monitoring.cells.summing import plan, sum_window
from meguru.monitoring.cells.types import ANSWERED, COLUMNS
from meguru.monitoring.operations import create
from meguru.predictions import ids, outcome_store, payload, store
from meguru.predictions.types import PredictionBatch
from meguru.predictions.window import frame

pytestmark = pytest.mark.integration
MAY, HOUR = datetime(2026, 5, 1, tzinfo=UTC), timedelta(hours=1)
REQUESTS, ROWS = 20, 25


@pytest.fixture
def servers(postgres_url, tmp_path):
    settings = Settings(blobs=str(tmp_path / "blobs"))
    with ExitStack() as stack:
        found = [stack.enter_context(open_local(postgres_url, settings=settings)) for _ in range(3)]
        told = {"type": "endpoint.created", "at": MAY, "actor": "local", "operation": "endpoint.create"}
        with found[0].db.write() as tx:
            events.append(tx, subject="endpoint/delay", data={"model": "delay", "gates": []}, **told)
        create(found[0], name="watch", endpoint="delay", checks=[{"check": "psi"}])
        yield found


def record(ws, number):
    """Record a request; its outcomes come in three calls, the last of which corrects the first."""
    times = [MAY + HOUR * (number % 7) + timedelta(minutes=row) for row in range(ROWS)]
    content = payload.make(
        {"wind": "double"}, {"wind": [0.5] * ROWS}, [row / ROWS for row in range(ROWS)], times
    )
    batch = PredictionBatch(
        id=ids.new_batch_id(),
        endpoint="delay",
        model_ref="model/delay@1",
        release_ref="release/delay@1",
        received_at=MAY,
        first_time=times[0],
        last_time=times[-1],
        n=ROWS,
        payload=payload.pack(content),
    )
    with ws.db.write() as tx:
        store.add(tx, [batch])
    for call, (rows, value) in enumerate([(range(15), 1.0), (range(15, 20), 0.0), (range(5, 12), 0.0)]):
        at = MAY + HOUR * (call + 1)
        told = [outcome_store.row_of((batch.id, row), value, at, at, "me") for row in rows]
        with ws.db.write() as tx:
            outcome_store.record(tx, "delay", told)


def seen(ws):
    with ws.read() as tx:
        rules = CountingRules(tx, ws.blobs, counted_by(monitors.all_monitors(tx)))
        planned = plan(tx, "delay", MAY, MAY + HOUR * 9, rules)
        cells = {key.part: cell for key, cell in sum_window(tx, "delay", planned, rules).items()}
        rows = frame(tx, "delay", MAY, MAY + HOUR * 9)
    return planned, cells, rows


def check_same(cells, rows):
    if not rows.height:
        return
    whole, truth = cells[COLUMNS], cells[ANSWERED].truth
    assert (whole.rows, whole.outcomes) == (rows.height, rows["_outcome"].count())
    ones = int((rows["_outcome"] == 1).sum())
    assert (truth.outcomes, int(truth.counts[truth.keys % 3 == 1].sum())) == (whole.outcomes, ones)


def test_three_servers_count_each_request_and_each_correction_once(servers):
    over = threading.Event()
    commits = []

    def count_on(ws):
        known = {}
        while not over.wait(0.02):
            commits.append(count(ws, "delay", known))

    threads = [threading.Thread(target=count_on, args=(ws,)) for ws in servers]
    for thread in threads:
        thread.start()
    try:
        for number in range(REQUESTS):
            record(servers[number % 3], number)
            if number % 5 == 4:
                check_same(*seen(servers[0])[1:])
    finally:
        over.set()
        for thread in threads:
            thread.join()
    while count(servers[0], "delay"):
        pass
    planned, cells, rows = seen(servers[1])
    assert (planned.waiting.rows, rows.height) == (0, REQUESTS * ROWS)
    check_same(cells, rows)
    assert sum(commits) > 5
