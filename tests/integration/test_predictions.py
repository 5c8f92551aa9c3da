"""Predictions and outcomes mean the same on PostgreSQL."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest

from meguru.app.open import open_local
from meguru.base.settings import Settings
from meguru.errors import Conflict
from meguru.predictions import ids, payload, store
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
        assert finished.acquire(timeout=30)
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
        thread.join(30)
    history = show_endpoint(shared, name="delay").history
    assert [each.number for each in history] == list(reversed(versions))
    assert [each.state for each in history] == ["live", *["retired"] * 7]
