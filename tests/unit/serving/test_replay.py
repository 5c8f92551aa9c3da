"""What was answered is answered again, bit for bit, however it was asked."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime, timedelta

import msgspec
import numpy as np
import polars as pl
import pytest

from meguru.errors import NotFound
from meguru.flavors.model import Model
from meguru.predictions import payload, store
from meguru.predictions.operations import show
from meguru.registry.client import add_model
from meguru.serving.operations import create, replay, switch

generator = np.random.default_rng(5)
N = 300
ROWS = pl.DataFrame(
    {
        "wind": [None if index % 7 == 0 else value for index, value in enumerate(generator.normal(size=N))],
        "hour": generator.integers(0, 24, N),
        "wet": generator.random(N) > 0.5,
        "where": [["north", "south", "東", None][index % 4] for index in range(N)],
        "when": [datetime(2013, 3, 1, tzinfo=UTC) + timedelta(hours=index) for index in range(N)],
    }
)


def pipeline():
    """Fit a model of every kind of column: numbers with gaps, whole numbers, truth values, text, times."""
    from sklearn.compose import ColumnTransformer
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OrdinalEncoder

    known = [
        (name, OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1), [name])
        for name in ("where", "when")
    ]
    split = ColumnTransformer(known, remainder="passthrough")
    labels = np.array(["none", "some", "much"])[(ROWS["hour"].to_numpy() // 8)]
    return make_pipeline(split, HistGradientBoostingClassifier(max_iter=5)).fit(ROWS, labels), ROWS


def linear(width=18):
    """Fit a model whose last bits depend on how many rows it is asked together."""
    from sklearn.linear_model import LogisticRegression

    X = generator.normal(size=(N, width))
    return LogisticRegression().fit(X, X[:, 0] > 0), pl.DataFrame(X)


@pytest.fixture
def put(workspace, service):
    def put(model, example):
        create(workspace, name="rain", model="rain")
        made = add_model(workspace, "rain", Model(estimator=model, example=example.head(5), baseline=example))
        switch(workspace, name="rain", model_ref=made.ref, release_ref="release/rain@1")
        assert service.wait_until_current("rain", timeout=60), service.status("rain").fault

    return put


def body(frame):
    return msgspec.json.encode({"rows": msgspec.to_builtins(frame.to_dicts())})


@pytest.mark.parametrize("rows", [1, N])
def test_every_kind_of_value_is_answered_as_the_library_does_and_again(workspace, service, put, rows):
    model, frame = pipeline()
    put(model, frame)
    asked = frame.head(rows).with_columns(pl.lit("nowhere").alias("where"), pl.col("when").dt.offset_by("9d"))
    said = json.loads(service.predict("rain", body(asked)).body)["predictions"]
    wanted = model.predict_proba(asked)
    assert [[*each["probabilities"].values()] for each in said] == wanted.tolist()
    assert [each["label"] for each in said] == model.predict(asked).tolist()
    whole = said[0]["id"].partition(".")[0]
    found = replay(workspace, id=whole)
    assert (found.equal, found.rows, found.together, found.differing) == (True, rows, rows, [])
    one = replay(workspace, id=said[-1]["id"])
    assert (one.equal, one.rows) == (True, 1)
    assert one.recorded == one.replayed == show(workspace, id=said[-1]["id"]).outputs


def test_a_wide_row_is_answered_as_the_library_does(workspace, service, put):
    model, frame = linear(width=700)
    put(model, frame)
    said = json.loads(service.predict("rain", body(frame[:2])).body)["predictions"]
    matrix = np.ascontiguousarray(frame[:2].to_numpy())  # the order in memory decides the order of additions
    assert [each["score"] for each in said] == model.predict_proba(matrix)[:, 1].tolist()
    assert replay(workspace, id=said[1]["id"]).equal


def test_what_was_asked_together_is_asked_together_again(workspace, service, put):
    model, frame = linear()
    put(model, frame)
    answers, answered = [], threading.Semaphore(0)

    def done(answer):
        answers.append(json.loads(answer.body)["predictions"][0]["id"])
        answered.release()

    for row in range(40):
        service.submit("rain", body(frame[row : row + 1]), done)
    for _ in range(40):
        assert answered.acquire(timeout=60)
    found = [replay(workspace, id=each) for each in answers]
    assert all(each.equal for each in found)
    assert max(each.together for each in found) > 1


def test_a_model_that_says_something_else_is_found_out(workspace, service, put):
    model, frame = linear()
    put(model, frame)
    said = json.loads(service.predict("rain", body(frame[:3])).body)["predictions"]
    batch_id = said[0]["id"].partition(".")[0]
    with workspace.db.write() as tx:
        batch = store.get(tx, batch_id)
        content = payload.content_of(*msgspec.structs.astuple(payload.packed_rows(batch.payload))[:2])
        other = payload.plain([0.5, *content.answer.columns["score"][1:]])
        changed = payload.pack(msgspec.structs.replace(content, answer=other))
        tx.execute(store.prediction_batch.update().values(payload=changed))
    found = replay(workspace, id=batch_id)
    assert (found.equal, found.differing) == (False, [said[0]["id"]])
    assert found.difference == abs(0.5 - said[0]["score"])
    assert (found.recorded, found.replayed) == ({"score": 0.5}, {"score": said[0]["score"]})
    assert found.why


def test_what_was_never_answered_is_not_found(workspace):
    for unknown in ("pred-0.0", "pred-0", "x"):
        with pytest.raises(NotFound):
            replay(workspace, id=unknown)
