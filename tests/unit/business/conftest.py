from datetime import UTC, datetime

import polars as pl
import pytest

from meguru.kernel.kinds import provided
from meguru.monitoring.base import BASELINES
from meguru.predictions import ids, outcome_store, payload, store
from meguru.predictions.types import PredictionBatch
from meguru.serving.create import create as create_endpoint
from meguru.stats import profile_frame
from meguru.testing.contracts.checks import MODEL, SHADOW, make_rows

MARCH, APRIL = datetime(2013, 3, 1, tzinfo=UTC), datetime(2013, 4, 1, tzinfo=UTC)


@pytest.fixture
def endpoint(workspace, monkeypatch):
    trained = make_rows(20_000, seed=99).select("wind", "carrier")
    known = {
        "profile": profile_frame(trained).to_dict(),
        "metrics": {"auc": 0.76},
        "task": {"task": "binary"},
    }
    monkeypatch.setitem(
        provided(BASELINES)._loaded, "model", lambda tx, blobs, model: known if model == MODEL else None
    )
    create_endpoint(workspace, name="delay", model="delay")
    return "delay"


@pytest.fixture
def answer(workspace):
    """Store rows as the data plane does, spread over March, with the outcomes of the first so many."""

    def answer(rows: pl.DataFrame, outcomes: int | None = None) -> PredictionBatch:
        n = rows.height
        times = [MARCH + (APRIL - MARCH) / n * index for index in range(n)]
        content = payload.make(
            {"wind": "double", "carrier": "string"},
            {name: rows[name].to_list() for name in ("wind", "carrier")},
            rows["_score"].to_list(),
            times,
            {SHADOW: rows[f"_shadow:{SHADOW}"].to_list()},
        )
        batch = PredictionBatch(
            id=ids.new_batch_id(),
            endpoint="delay",
            model_ref=MODEL,
            release_ref="release/delay@1",
            received_at=APRIL,
            first_time=times[0],
            last_time=times[-1],
            n=n,
            payload=payload.pack(content),
        )
        with workspace.db.write() as tx:
            store.add(tx, [batch])
            tell(tx, batch, rows["_outcome"].to_list()[: n if outcomes is None else outcomes])
        return batch

    return answer


def tell(tx, batch, values):
    rows = [
        outcome_store.row_of((batch.id, row), value, APRIL, APRIL, "me") for row, value in enumerate(values)
    ]
    outcome_store.record(tx, batch.endpoint, rows)
