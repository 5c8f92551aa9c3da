"""What a model refuses is its caller's input, and named; what it can't do at all is the model's fault."""

from __future__ import annotations

import json
import random
import threading
from concurrent.futures import Future
from datetime import UTC, datetime

import numpy as np
import polars as pl
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder

from meguru.flavors.model import Model, save_bundle
from meguru.registry.client import add_model
from meguru.serving.operations import create, switch

ROW = {
    "carrier": "UA",
    "plane": "b",
    "note": "on time",
    "gust": 2.5,
    "hour": 7,
    "weekend": True,
    "at": "2013-01-01T05:00:00Z",
}
SEED = 20130101


def flights():
    """A binary model of columns of every type, with encoders that refuse what they never saw."""
    frame = pl.DataFrame(
        {
            "carrier": ["UA", "AA", "DL", "UA"] * 10,
            "plane": ["a", "b", "c", "a"] * 10,
            "note": ["on time", "late again", "late", "on time"] * 10,
            "gust": [2.5, None, 4.0, 1.0] * 10,
            "hour": [7, 12, 23, 9] * 10,
            "weekend": [True, False, False, True] * 10,
            "at": [datetime(2013, 1, 1, 5, tzinfo=UTC)] * 40,
        }
    )
    columns = ColumnTransformer(
        [
            ("carrier", OneHotEncoder(handle_unknown="error"), ["carrier"]),
            ("plane", OrdinalEncoder(handle_unknown="error"), ["plane"]),
            ("note", TfidfVectorizer(), "note"),
            ("gust", SimpleImputer(), ["gust"]),
            ("plain", "passthrough", ["hour", "weekend"]),
        ]
    )
    model = make_pipeline(columns, LogisticRegression()).fit(frame, [0, 1, 1, 0] * 10)
    return Model(estimator=model, example=frame)


def gusts():
    """A regression of numbers that may all be missing, which is fed a matrix."""
    frame = pl.DataFrame({"hour": np.arange(60.0), "gust": np.linspace(0, 1, 60), "snow": [True, False] * 30})
    model = HistGradientBoostingRegressor(max_iter=5).fit(frame.to_numpy(), np.arange(60))
    return Model(estimator=model, example=frame, task="regression")


def notes():
    """A model of text alone."""
    frame = pl.DataFrame({"note": ["good", "bad", "very bad", "good"] * 5})
    model = make_pipeline(ColumnTransformer([("note", TfidfVectorizer(), "note")]), LogisticRegression())
    return Model(estimator=model.fit(frame, [1, 0, 0, 1] * 5), example=frame)


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    for make in (flights, gusts, notes):
        save_bundle(make(), folder / make.__name__)
    return folder


@pytest.fixture
def served(workspace, service, saved):
    """Put a saved model live at an endpoint of its name."""

    def served(name, **given):
        ref = add_model(workspace, name, saved / name).ref
        create(workspace, name=name, model=name, **given)
        switch(workspace, name=name, model_ref=ref, release_ref=f"release/{name}@1")
        assert service.wait_until_current(name, timeout=60)
        return lambda body: answer(service.predict(name, body if isinstance(body, bytes) else encode(body)))

    return served


def encode(body):
    return json.dumps(body).encode()


def answer(given):
    return given.status, json.loads(given.body)


def counted(predictor):
    """Count the calls of a model."""
    counts = []
    score = predictor.predict
    predictor.predict = lambda data: (counts.append(len(data)), score(data))[1]
    return counts


def test_a_category_never_seen_is_named_with_its_row_and_the_models_words(served):
    predict = served("flights")
    rows = [dict(ROW) for _ in range(50)]
    rows[41]["carrier"] = "XX"
    rows[43]["plane"] = "zz"
    status, said = predict({"rows": rows})
    assert (status, said["error"]["field"]) == (422, "rows[41].carrier")
    assert "'XX'" in said["error"]["why"]
    assert "Found unknown categories" in said["error"]["why"]


def test_the_value_is_named_in_the_words_of_every_form(served):
    predict = served("flights")
    bad = {**ROW, "plane": "zz"}
    for body, field in [
        ({"row": bad}, "row.plane"),
        ({"dataframe_records": [ROW, bad]}, "dataframe_records[1].plane"),
        ({"columns": {name: [ROW[name], bad[name]] for name in ROW}}, "columns.plane[1]"),
        (
            {"dataframe_split": {"columns": list(bad), "data": [list(bad.values())]}},
            "dataframe_split.data[0].plane",
        ),
    ]:
        status, said = predict(body)
        assert (status, said["error"]["field"]) == (422, field)


def test_nothing_of_a_refused_request_is_kept(workspace, served):
    from meguru.serving.operations import show

    predict = served("flights")
    predict({"rows": [ROW, {**ROW, "carrier": "XX"}]})
    assert show(workspace, name="flights").totals.predictions == 0


def test_finding_the_row_costs_a_few_calls_and_a_good_request_one(service, served):
    predict = served("flights", record=False)
    model = service._deployments.slots["flights"].served.predictor
    calls = counted(model)
    assert predict({"rows": [ROW] * 1000})[0] == 200
    assert calls == [1000]
    calls.clear()
    rows = [dict(ROW) for _ in range(1000)]
    rows[777]["carrier"] = "XX"
    assert predict({"rows": rows})[1]["error"]["field"] == "rows[777].carrier"
    assert len(calls) < 40
    assert sum(calls) < 4000


def test_a_refused_request_fails_no_other_that_is_scored_with_it(service, served):
    served("flights")
    model = service._deployments.slots["flights"].served.predictor
    score, busy, go_on = model.predict, threading.Event(), threading.Event()

    def slow(data):
        busy.set()
        go_on.wait(60)
        return score(data)

    model.predict = slow
    bodies = [{"row": ROW}] * 20 + [{"row": {**ROW, "carrier": "XX"}}] + [{"row": ROW}] * 20
    waiting = [Future() for _ in bodies]
    for body, future in zip(bodies, waiting, strict=True):
        service.submit("flights", encode(body), future.set_result)
        assert busy.wait(60)  # the first is being scored, so that all others wait together
    calls = counted(model)
    go_on.set()
    assert [each.result(60).status for each in waiting] == [200] * 20 + [422] + [200] * 20
    assert len(calls) < 30


def test_a_model_that_fails_with_what_it_has_scored_is_at_fault_itself(service, served):
    predict = served("gusts")
    row = {"hour": 1.0, "gust": 0.5, "snow": True}
    assert predict({"row": row})[0] == 200
    service._deployments.slots["gusts"].served.predictor._score = {}.__getitem__
    status, said = predict({"row": row})
    assert (status, said["error"]["code"]) == (500, "MG-900")
    assert said["error"]["what"] == "model/gusts@1 fails"
    assert "TypeError" in said["error"]["why"]


NUMBERS = ["0", "-1", "3.0", "1e400", "-1e-400", "1e308", "9223372036854775808", "9" * 400, "NaN", "Infinity"]
TEXTS = [
    "",
    "UA",
    "b",
    "NaN",
    "7",
    "true",
    "1e3",
    "東京",
    "a\0b",
    "2013-01-01",
    "9999-12-31T23:59:59.9999999Z",
]
ODD = [
    '"\\ud800"',
    "null",
    "true",
    "[]",
    "{}",
    "[2013,1,1]",
    "[" * 100_000,
    '{"a":' * 3000,
    "-",
    "nan",
    "1.",
    "",
]
VALUES = [*NUMBERS, *(json.dumps(text) for text in [*TEXTS, "x" * 5000, "0001-01-01T00:00:00+14:00"]), *ODD]
VALUES += [
    "1357016400",
    "1357016400000",
    "1e99999999999999999999",
    '"1e99999999999999999999"',
    "-0.0",
    "0e9999999999",
]


def fuzzed(rng, row):
    """Return a body of some rows in which some values are replaced, and the form it has."""
    form = rng.choice(["rows", "row", "columns", "dataframe_split"])
    rows = [{name: json.dumps(value) for name, value in row.items()} for _ in range(rng.choice([1, 1, 3]))]
    rows = rows[:1] if form == "row" else rows
    for _ in range(rng.choice([1, 1, 2])):
        rng.choice(rows)[rng.choice(list(row))] = rng.choice(VALUES)
    written = [in_braces(each.items()) for each in rows]
    columns = in_braces((name, f"[{', '.join(each[name] for each in rows)}]") for name in row)
    lists = ", ".join(f"[{', '.join(each.values())}]" for each in rows)
    split = in_braces([("columns", json.dumps(list(row))), ("data", f"[{lists}]")])
    given = {
        "rows": f"[{', '.join(written)}]",
        "row": written[0],
        "columns": columns,
        "dataframe_split": split,
    }
    return form, in_braces([(form, given[form])])


def in_braces(items):
    return "{" + ", ".join(f"{json.dumps(name)}: {text}" for name, text in items) + "}"


@pytest.mark.parametrize(
    ("name", "row"),
    [("flights", ROW), ("gusts", {"hour": 1.0, "gust": 0.5, "snow": True}), ("notes", {"note": "good"})],
)
def test_whatever_value_comes_is_scored_or_refused_by_field(served, name, row):
    predict, rng = served(name), random.Random(SEED)
    seen = set()
    for _ in range(250):
        form, body = fuzzed(rng, row)
        status, said = predict(body.encode())
        assert status in {200, 422}, (body[:500], said)
        seen.add(status)
        if status == 422 and "JSON" not in said["error"]["what"] and "deeply" not in said["error"]["what"]:
            assert said["error"]["field"].startswith(form), body[:500]
            assert "why" in said["error"], (body[:500], said)
    assert seen == {200, 422}
