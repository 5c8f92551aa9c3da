from __future__ import annotations

from datetime import UTC, datetime

import pytest

from meguru.predictions import ids, payload, store
from meguru.predictions.types import PredictionBatch
from meguru.serving.kind import EndpointSpec
from meguru.serving.operations import specs

MARCH = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def endpoint(workspace):
    """Declare the endpoint with a rule for its feedback."""

    def endpoint(**rule):
        specs.declare(workspace, name="delay", spec=EndpointSpec(model="delay", feedback=rule))

    endpoint()
    return endpoint


@pytest.fixture
def answered(workspace, endpoint):
    """Store a request of two rows, answered with 0.25 each."""

    def answered(*keys, n=2):
        content = payload.make({"x": "double"}, {"x": [0.5] * n}, [0.25] * n, [MARCH] * n)
        batch = PredictionBatch(
            id=ids.new_batch_id(), endpoint="delay", model_ref="model/delay@1", release_ref="release/delay@1",
            received_at=MARCH, first_time=MARCH, last_time=MARCH, n=n, payload=payload.pack(content),
            rows=[(key, MARCH) for key in keys] or None,
        )  # fmt: skip
        with workspace.db.write() as tx:
            store.add(tx, [batch])
        return [ids.join(batch.id, row) for row in range(n)]

    return answered
