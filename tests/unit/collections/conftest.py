from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from meguru.predictions import ids, payload, store
from meguru.predictions.operations import record
from meguru.predictions.types import OutcomeInput, PredictionBatch
from meguru.serving.operations import create

DAY = datetime(2026, 3, 1, 9, tzinfo=UTC)


@pytest.fixture
def answered(workspace):
    """Store a request of some rows that was received on a day, and return the ids of its predictions."""
    create(workspace, name="delay", model="delay")

    def answered(n=2, *, day=0, carrier="AA", model="model/delay@1"):
        at = DAY + timedelta(days=day)
        content = payload.make(
            {"hour": "long", "carrier": "string"},
            {"hour": list(range(n)), "carrier": [carrier] * n},
            [0.25] * n,
            [at] * n,
        )
        batch = PredictionBatch(
            id=ids.new_batch_id(), endpoint="delay", model_ref=model, release_ref="release/delay@1",
            received_at=at, first_time=at, last_time=at, n=n, payload=payload.pack(content),
        )  # fmt: skip
        with workspace.db.write() as tx:
            store.add(tx, [batch])
        return [ids.join(batch.id, row) for row in range(n)]

    return answered


@pytest.fixture
def happened(workspace):
    """Record what happened to predictions."""

    def happened(predictions, value=1.0, at=None):
        given = [OutcomeInput(prediction_id=each, value=value, at=at) for each in predictions]
        return record(workspace, endpoint="delay", outcomes=given)

    return happened
