from datetime import UTC, datetime, timedelta

import pytest

from meguru.kernel import events
from meguru.kernel.kinds import provided
from meguru.monitoring.base import BASELINES
from meguru.monitoring.operations import create
from meguru.predictions import ids, outcome_store, payload, store
from meguru.predictions.types import PredictionBatch
from meguru.stats import profile_frame
from meguru.testing.contracts.checks import MODEL, SHADOW, make_rows

TYPES = {"wind": "double", "carrier": "string"}
MARCH, APRIL = datetime(2013, 3, 1, tzinfo=UTC), datetime(2013, 4, 1, tzinfo=UTC)


class Baselines:
    """Baselines in memory: a member of the family of sources."""

    def __init__(self):
        self.known = {}

    def __call__(self, tx, blobs, model):
        return self.known.get(model)


@pytest.fixture
def baselines(monkeypatch):
    source = Baselines()
    trained = make_rows(20_000, seed=99).select("wind", "carrier")
    source.known[MODEL] = {"profile": profile_frame(trained).to_dict(), "metrics": {"auc": 0.76}}
    monkeypatch.setitem(provided(BASELINES)._loaded, "model", source)
    return source


@pytest.fixture
def endpoint(workspace, baselines):
    told = {"type": "endpoint.created", "at": MARCH, "actor": "local", "operation": "endpoint.create"}
    with workspace.db.write() as tx:
        events.append(tx, subject="endpoint/delay", data={"model": "delay", "gates": []}, **told)
    return "delay"


@pytest.fixture
def answer(workspace):
    """Store rows as the data plane does, spread over a window, with the outcomes that are known."""

    def answer(rows, *, model=MODEL, start=MARCH, end=APRIL, outcomes=True, types=TYPES):
        n = rows.height
        times = [start + (end - start) / n * index for index in range(n)]
        content = payload.make(
            types,
            {name: rows[name].to_list() for name in types},
            rows["_score"].to_list(),
            times,
            {SHADOW: rows[f"_shadow:{SHADOW}"].to_list()},
        )
        batch = PredictionBatch(
            id=ids.new_batch_id(),
            endpoint="delay",
            model_ref=model,
            release_ref="release/delay@1",
            received_at=end,
            first_time=times[0],
            last_time=times[-1],
            n=n,
            payload=payload.pack(content),
        )
        with workspace.db.write() as tx:
            store.add(tx, [batch])
            if outcomes:
                known(tx, batch, rows["_outcome"].to_list(), end)
        return batch

    return answer


def known(tx, batch, values, at):
    rows = [
        outcome_store.row_of((batch.id, row), value, at, at, "me")
        for row, value in enumerate(values)
        if value is not None
    ]
    outcome_store.record(tx, batch.endpoint, rows)


@pytest.fixture
def monitor(workspace, endpoint):
    return create(workspace, name="delay-watch", endpoint=endpoint, min_rows=200)


@pytest.fixture
def hour():
    return timedelta(hours=1)


@pytest.fixture
def sliced(workspace, endpoint):
    checks = [{"check": "performance", "slices": ["carrier"]}, {"check": "psi"}]
    return create(workspace, name="delay-watch", endpoint=endpoint, min_rows=200, checks=checks)
