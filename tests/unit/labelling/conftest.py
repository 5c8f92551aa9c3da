from __future__ import annotations

from datetime import UTC, datetime

import pytest

from meguru.governance.principals import create_principal
from meguru.governance.standing import standing
from meguru.predictions import ids, payload, record, store
from meguru.predictions.types import PredictionBatch
from meguru.serving.operations import create
from meguru.tasks import task_of


@pytest.fixture
def endpoint(workspace, monkeypatch):
    """Have the endpoint's model be one of two classes, as the registry would say it."""
    create(workspace, name="delay", model="delay")
    monkeypatch.setattr(record, "_UNKNOWN", task_of("binary"))


@pytest.fixture
def answered(workspace, endpoint):
    """Store a request of some rows that was answered just now, and return the ids of its predictions."""

    def answered(*scores):
        at, n = datetime.now(UTC), len(scores)
        content = payload.make({"hour": "long"}, {"hour": list(range(n))}, list(scores), [at] * n)
        batch = PredictionBatch(
            id=ids.new_batch_id(), endpoint="delay", model_ref="model/delay@1", release_ref="release/delay@1",
            received_at=at, first_time=at, last_time=at, n=n, payload=payload.pack(content),
        )  # fmt: skip
        with workspace.db.write() as tx:
            store.add(tx, [batch])
        return [ids.join(batch.id, row) for row in range(n)]

    return answered


@pytest.fixture
def as_(workspace):
    """Give the workspace as somebody sees it."""

    def as_(name, role="data-scientist"):
        create_principal(workspace, name=name, role=role)
        with workspace.read() as tx:
            return workspace.with_(principal=standing(tx, name))

    return as_
