"""Predictions and outcomes mean the same on PostgreSQL."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from meguru.app.open import open_local
from meguru.base.settings import Settings
from meguru.errors import Conflict
from meguru.predictions import ids, outcome_store, payload, store
from meguru.predictions.operations import record, show, window
from meguru.predictions.types import OutcomeInput, PredictionBatch
from meguru.predictions.writer import Writer
from meguru.serving.operations import create, switch
from meguru.serving.operations import show as show_endpoint

pytestmark = pytest.mark.integration
MARCH = datetime(2013, 3, 1, tzinfo=UTC)


@pytest.fixture
def shared(postgres_url, tmp_path):
    with open_local(postgres_url, settings=Settings(blobs=str(tmp_path / "blobs"))) as ws:
        yield ws


def write(ws, *batches):
    """Have batches written together; return what each caller heard."""
    writer, heard, finished = Writer(ws.db), {}, threading.Semaphore(0)
    for batch in batches:

        def done(error, key=batch.id):
            heard[key] = error
            finished.release()

        writer.submit(batch, done)
    for _ in batches:
        assert finished.acquire(timeout=60)
    writer.close()
    return [heard[batch.id] for batch in batches]


def batch(n, **given):
    content = payload.make({"x": "double"}, {"x": [0.5] * n}, [0.25] * n, [MARCH] * n)
    return PredictionBatch(
        id=ids.new_batch_id(),
        endpoint="delay",
        model_ref="model/delay@1",
        release_ref="release/delay@1",
        received_at=MARCH,
        first_time=MARCH,
        last_time=MARCH,
        n=n,
        payload=payload.pack(content),
        **given,
    )


def test_predictions_and_outcomes_are_kept_and_joined(shared):
    many, one = batch(5000), batch(1)
    assert write(shared, many, one) == [None, None]
    given = [OutcomeInput(prediction_id=f"{many.id}.{row}", value=1.0, at=MARCH) for row in range(5000)]
    earlier = [OutcomeInput(prediction_id=f"{many.id}.0", value=0.0, at=MARCH - timedelta(days=1))]
    for outcomes in (given, given, earlier):
        record(shared, endpoint="delay", outcomes=outcomes)
    assert show(shared, id=f"{many.id}.0").outcome.value == 1.0
    summary = window(shared, endpoint="delay", start=MARCH, end=MARCH + timedelta(days=1))
    assert (summary.predictions, summary.outcomes) == (5001, 5000)


def test_a_repeated_key_is_a_conflict_and_its_neighbour_is_written(shared):
    first, again, other = batch(1, key="a"), batch(1, key="a"), batch(1, key="b")
    heard = write(shared, first, again, other)
    assert (heard[0], heard[2]) == (None, None)
    assert isinstance(heard[1], Conflict)
    with shared.read() as tx:
        assert store.by_key(tx, "delay", "a") == first


def test_switches_of_one_endpoint_follow_one_another(shared):
    create(shared, name="delay", model="delay")
    versions = range(1, 9)

    def put(version):
        switch(
            shared, name="delay", model_ref=f"model/delay@{version}", release_ref=f"release/delay@{version}"
        )

    threads = [threading.Thread(target=put, args=(version,)) for version in versions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    history = show_endpoint(shared, name="delay").history
    assert [each.number for each in history] == list(reversed(versions))
    assert [each.state for each in history] == ["live", *["retired"] * 7]


def test_outcomes_by_key_of_any_type_keep_their_history(shared):
    rows = [(f"order-{row}", MARCH + timedelta(hours=row)) for row in range(600)]
    made = batch(600, rows=rows)
    assert write(shared, made) == [None]
    given = [OutcomeInput(key=key, value=1.0, at=MARCH + timedelta(days=60)) for key, _ in rows[:300]]
    given += [OutcomeInput(key=key, time=time, value=0.0, at=MARCH) for key, time in rows[300:]]
    assert record(shared, endpoint="delay", outcomes=given).count == 600
    again = [
        OutcomeInput(key="order-7", value=0.5),
        OutcomeInput(key="order-7", value=0.25, at=MARCH + timedelta(8)),
    ]
    assert record(shared, endpoint="delay", outcomes=again).corrected == 2
    shown = show(shared, id=f"{made.id}.7")
    assert (shown.key, shown.outcome.value) == ("order-7", 0.5)
    assert [each.value for each in shown.earlier] == [1.0, 0.25]
    with shared.db.write() as tx:
        rows = [
            outcome_store.row_of((made.id, row), ["wet"], MARCH + timedelta(99), MARCH, "me")
            for row in (8, 9)
        ]
        assert outcome_store.record(tx, "delay", rows).corrected == 2
    assert show(shared, id=f"{made.id}.9").outcome.value == ["wet"]


def test_two_that_tell_of_the_same_predictions_at_once_lose_nothing(shared):
    made = batch(50)
    write(shared, made)
    places = [f"{made.id}.{row}" for row in range(50)]

    def tell(value):
        given = [
            OutcomeInput(prediction_id=each, value=value, at=MARCH + timedelta(value))
            for each in places[:: 1 - 2 * (value % 2)]
        ]
        record(shared, endpoint="delay", outcomes=given)

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(tell, range(1, 5))) == [None] * 4
    for place in places:
        shown = show(shared, id=place)
        assert (shown.outcome.value, [each.value for each in shown.earlier]) == (4.0, [3.0, 2.0, 1.0])
    summary = window(shared, endpoint="delay", start=MARCH, end=MARCH + timedelta(days=1))
    assert summary.outcomes == 50
    create(shared, name="delay", model="delay")
    assert show_endpoint(shared, name="delay").totals.outcomes == 50
