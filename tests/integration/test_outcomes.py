"""Outcomes that wait, feedback, labels and collections mean the same on PostgreSQL."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from meguru.app.open import open_local
from meguru.base.settings import Settings
from meguru.collections.kind import CollectionSpec
from meguru.collections.operations import collect
from meguru.collections.operations import specs as collections
from meguru.collections.service import Collector
from meguru.datasets.client import frame
from meguru.errors import Conflict
from meguru.judgements.operations import add as judge
from meguru.judgements.operations import list_feedback
from meguru.judgements.operations import record as record_feedback
from meguru.judgements.types import FeedbackInput
from meguru.labelling.operations import label, list_samples, next_item, sample
from meguru.predictions import ids, payload, store
from meguru.predictions.operations import exclude, join, record, show, waiting
from meguru.predictions.sources import SourceColumns, read_sql
from meguru.predictions.types import OutcomeInput, PredictionBatch
from meguru.serving.kind import EndpointSpec
from meguru.serving.operations import specs as endpoints

pytestmark = pytest.mark.integration
MARCH = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def shared(postgres_url, tmp_path):
    with open_local(postgres_url, settings=Settings(blobs=str(tmp_path / "blobs"))) as ws:
        spec = EndpointSpec(model="delay", feedback={"label": True})
        endpoints.declare(ws, name="delay", spec=spec)
        yield ws


def answer(ws, *keys, at=MARCH):
    n = len(keys)
    content = payload.make({"x": "double"}, {"x": [0.5] * n}, [0.25] * n, [at] * n)
    batch = PredictionBatch(
        id=ids.new_batch_id(), endpoint="delay", model_ref="model/delay@1", release_ref="release/delay@1",
        received_at=at, first_time=at, last_time=at, n=n, payload=payload.pack(content),
        rows=[(key, at) for key in keys],
    )  # fmt: skip
    with ws.db.write() as tx:
        store.add(tx, [batch])
    return [ids.join(batch.id, row) for row in range(n)]


def test_from_an_unknown_key_to_data_and_back(shared, postgres_url, tmp_path):
    late = [OutcomeInput(key="a", value=1.0, at=MARCH + timedelta(days=400))]
    assert record(shared, endpoint="delay", outcomes=late, unknown="keep").waiting == 1
    assert record(shared, endpoint="delay", outcomes=late, unknown="keep").repeated == 0
    assert len(waiting(shared, endpoint="delay").items) == 1
    a, b = answer(shared, "a", "b")
    assert join(shared, endpoint="delay").count == 1
    judge(shared, id=b, label=0.5, by="sato")
    assert show(shared, id=b).outcome.recorded_by == "feedback/sato"
    assert collect(shared, endpoint="delay", dataset="truth").outcomes == 2
    exclude(shared, endpoint="delay", predictions=[a], why="a test")
    done = collect(shared, endpoint="delay", dataset="truth")
    assert (done.version, done.outcomes) == ("dataset/truth@2", 1)
    assert frame(shared, "truth@2")["prediction_id"].to_list() == [b]
    columns = SourceColumns(OutcomeInput, required=("value",))
    found = read_sql(postgres_url, "SELECT 'a'::text AS key, value FROM outcome", columns)
    assert [row for _, row in found] == [{"key": "a", "value": 1.0}, {"key": "a", "value": 0.5}]


def test_a_few_of_many_are_corrected(shared):
    predictions = answer(shared, *map(str, range(50)))
    for value, some in ((1.0, predictions), (0.0, predictions[3:5]), (0.0, predictions[3:5])):
        done = record(
            shared, endpoint="delay", outcomes=[OutcomeInput(prediction_id=one, value=value) for one in some]
        )
    assert (done.count, done.corrected, done.repeated) == (2, 0, 2)
    assert [show(shared, id=one).outcome.value for one in predictions[2:6]] == [1.0, 0.0, 0.0, 1.0]


def test_feedback_by_key_and_labels(shared):
    (a,) = answer(shared, "a", at=datetime.now(UTC))
    given = [FeedbackInput(key="a", thumb="up", by="x"), FeedbackInput(key="z", thumb="up", by="x")]
    assert record_feedback(shared, endpoint="delay", feedback=given, unknown="keep").waiting == 1
    assert len(list_feedback(shared, endpoint="delay").items) == 2
    sample(shared, endpoint="delay", strategy="random")
    item = next_item(shared, endpoint="delay")
    label(shared, id=item.labelling, place=item.place, value=2)
    assert show(shared, id=a).outcome.value == 2.0
    assert list_samples(shared, endpoint="delay")[0].labelled == 1


def test_two_servers_collect_the_same_outcomes_once(shared, postgres_url, tmp_path):
    record(shared, endpoint="delay", outcomes=[OutcomeInput(prediction_id=answer(shared, "a")[0], value=1.0)])
    spec = CollectionSpec(endpoint="delay", dataset="truth", every="1 rows")
    collections.declare(shared, name="truth", spec=spec)
    with open_local(postgres_url, settings=Settings(blobs=str(tmp_path / "blobs"))) as other:
        servers = [Collector(shared), Collector(other)]
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda each: each.step(), servers))
    assert frame(shared, "truth@latest").height == 1
    assert collect(shared, endpoint="delay", dataset="truth").version == "dataset/truth@1"


def test_who_collects_at_the_same_time_is_told(shared, monkeypatch):
    record(shared, endpoint="delay", outcomes=[OutcomeInput(prediction_id=answer(shared, "a")[0], value=1.0)])
    from meguru.collections import collect as module

    written = module._write

    def slowly(ctx, tx, *given):
        done = written(ctx, tx, *given)
        monkeypatch.setattr(module, "_write", written)
        collect(shared, endpoint="delay", dataset="truth")
        return done

    monkeypatch.setattr(module, "_write", slowly)
    with pytest.raises(Conflict, match="at the same time"):
        collect(shared, endpoint="delay", dataset="truth")
