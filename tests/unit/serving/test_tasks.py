"""Each task over HTTP: answered, recorded, shown, given its outcome, read in a window, asked again by key."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import polars as pl
import pytest

from meguru.errors import InvalidInput
from meguru.flavors.model import Model
from meguru.predictions.operations import record, show, window
from meguru.predictions.types import OutcomeInput
from meguru.predictions.window import frame
from meguru.registry.client import add_model
from meguru.serving.operations import create, shadow, switch

generator = np.random.default_rng(11)
X = generator.normal(size=(60, 2))
FRAME = pl.DataFrame(X, schema=["wind", "rain"])
ROWS = FRAME[:4].to_dicts()
KINDS = np.array(["dry", "wet", "wild"])[(X[:, 0] > 0).astype(int) + (X[:, 1] > 0)]


def tree(y):
    from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

    kind = DecisionTreeRegressor if y.dtype.kind == "f" else DecisionTreeClassifier
    return kind(max_depth=3, random_state=0).fit(X, y)


def linear(y):
    from sklearn.linear_model import LinearRegression, LogisticRegression

    kind = LinearRegression if y.dtype.kind == "f" else LogisticRegression
    return kind().fit(X, y)


def by_class(model):
    found = model.predict_proba(X[:4])
    best = found.argmax(axis=1)
    return [
        {
            "label": model.classes_[at].item(),
            "probabilities": dict(zip(map(str, model.classes_.tolist()), row, strict=True)),
        }
        for at, row in zip(best, found.tolist(), strict=True)
    ]


def score(of):
    return lambda model: [{"score": value} for value in of(model).tolist()]


def of_labels(model):
    rows = np.column_stack([each[:, 1] for each in model.predict_proba(X[:4])]).tolist()
    names = ("windy", "rainy")
    return [
        {
            "labels": [name for name, value in zip(names, row, strict=True) if value >= 0.5],
            "probabilities": dict(zip(names, row, strict=True)),
        }
        for row in rows
    ]


def of_levels(model):
    return [
        {"score": row[1], "quantiles": dict(zip(("0.1", "0.5", "0.9"), row, strict=True))}
        for row in model.predict(X[:4]).tolist()
    ]


TASKS = {
    "binary": (tree(X[:, 0] > 0), "binary", score(lambda m: m.predict_proba(X[:4])[:, 1]), True, 1.0),
    "classes by name": (linear(KINDS), "multiclass", by_class, "wet", "wet"),
    "classes by number": (tree((X[:, 0] > 0).astype(int) + (X[:, 1] > 0)), "multiclass", by_class, 2, 2.0),
    "regression": (linear(X[:, 0] * 3), "regression", score(lambda m: m.predict(X[:4])), 2.5, 2.5),
    "two targets": (
        tree(X * 2.0),
        {"task": "multioutput", "targets": ["up", "down"]},
        lambda m: [{"up": up, "down": down} for up, down in m.predict(X[:4]).tolist()],
        {"down": 2, "up": 1.5},
        [1.5, 2.0],
    ),
    "labels": (
        tree((X > 0).astype(int)),
        {"task": "multilabel", "classes": ["windy", "rainy"]},
        of_labels,
        ["rainy"],
        ["rainy"],
    ),
    "quantiles": (
        linear(X[:, :1] + [-1.0, 0.0, 1.0]),
        {"task": "quantile", "levels": [0.1, 0.5, 0.9]},
        of_levels,
        0.25,
        0.25,
    ),
    "forecast": (
        linear(X[:, 0]),
        {"task": "forecast", "season": 7},
        score(lambda m: m.predict(X[:4])),
        -3,
        -3.0,
    ),
    "ranking": (linear(X[:, 1]), {"task": "ranking", "group": ""}, score(lambda m: m.predict(X[:4])), 1, 1.0),
}


@pytest.fixture(params=list(TASKS))
def case(request, workspace, service):
    """Put a model of each task live at the endpoint `weather`."""
    estimator, task, answer, outcome, kept = TASKS[request.param]
    create(workspace, name="weather", model="weather")
    made = add_model(workspace, "weather", Model(estimator=estimator, example=FRAME[:5], task=task))
    switch(workspace, name="weather", model_ref=made.ref, release_ref="release/weather@1")
    assert service.wait_until_current("weather", timeout=60), service.status("weather").fault
    return answer(estimator), outcome, kept


def outputs_of(answer):
    assert answer.status_code == 200, answer.text
    return [{name: each[name] for name in each if name != "id"} for each in answer.json()["predictions"]]


def test_the_wheel_of_each_task(workspace, http, case):
    wanted, outcome, kept = case
    answer = http.predict({"rows": ROWS}, "weather", **{"Idempotency-Key": "one"})
    assert outputs_of(answer) == wanted
    assert http.predict({"rows": ROWS}, "weather", **{"Idempotency-Key": "one"}).json() == answer.json()
    ids = [each["id"] for each in answer.json()["predictions"]]
    shown = show(workspace, id=ids[1])
    assert shown.outputs == wanted[1]
    assert shown.score == wanted[1].get("score")
    given = [OutcomeInput(prediction_id=ids[1], value=outcome)]
    assert record(workspace, endpoint="weather", outcomes=given).count == 1
    assert show(workspace, id=ids[1]).outcome.value == kept
    found = window(workspace, endpoint="weather", start=shown.at, end=shown.at + timedelta(hours=1))
    assert (found.predictions, found.outcomes) == (4, 1)
    with workspace.read() as tx:
        rows = frame(tx, "weather", shown.at, shown.at + timedelta(hours=1))
    assert rows["_outcome"].to_list() == [None, kept, None, None]
    for name, value in wanted[1].items():
        stored = list(value.values()) if isinstance(value, dict) else value
        column = "_score" if name == "score" else f"_output:{name}"
        assert rows[column].to_list()[1] == stored


def test_many_rows_are_kept_as_few_are(workspace, http, case):
    wanted, _, _ = case
    many = http.predict({"rows": ROWS * 60}, "weather", **{"Idempotency-Key": "many"})
    assert len(many.json()["predictions"]) == 240
    assert outputs_of(many)[4:8] == outputs_of(many)[:4]
    assert [[*each] for each in outputs_of(many)[:4]] == [[*each] for each in wanted]
    assert http.predict({"rows": ROWS * 60}, "weather", **{"Idempotency-Key": "many"}).json() == many.json()
    shown = show(workspace, id=many.json()["predictions"][201]["id"])
    assert shown.outputs == outputs_of(many)[201]


def test_the_endpoint_tells_what_it_gives_and_which_outcome_it_takes_and_refuses_others(
    workspace, http, case
):
    wanted, outcome, _ = case
    told = http.request("GET", "/endpoints/weather").json()
    assert [each["name"] for each in told["outputs"]] == [*wanted[0]]
    paths = http.request("GET", "/endpoints/weather/openapi.json").json()["paths"]
    answer = paths["/endpoints/weather/predict"]["post"]["responses"]["200"]["content"]["application/json"]
    properties = answer["schema"]["properties"]["predictions"]["items"]["properties"]
    assert properties.keys() == {"id", *wanted[0]}
    assert [*properties.get("probabilities", {}).get("properties", {})] == [
        *wanted[0].get("probabilities", {})
    ]
    sent = paths["/api/v1/outcome/record"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    value = sent["properties"]["outcomes"]["items"]["properties"]["value"]
    assert value == told["outcome"]
    assert outcome in value.get("enum", value.get("examples", [outcome])), value
    prediction = http.predict({"rows": ROWS}, "weather").json()["predictions"][0]["id"]
    with pytest.raises(InvalidInput) as caught:
        record(
            workspace,
            endpoint="weather",
            outcomes=[OutcomeInput(prediction_id=prediction, value={"rather": "nice"})],
        )
    assert caught.value.field == "outcomes[0].value"
    assert show(workspace, id=prediction).outcome is None


def test_a_shadow_has_the_same_task_and_its_outputs_are_kept_beside_the_answer(workspace, http, service):
    create(workspace, name="weather", model="weather")
    small, large = ([*KINDS[:2], "dry", *KINDS[3:]], [*KINDS[:2], "snow", *KINDS[3:]])
    for y in (small, large):
        add_model(workspace, "weather", Model(estimator=linear(np.array(y)), example=FRAME[:5]))
    other = add_model(workspace, "rain", Model(estimator=linear(X[:, 0]), example=FRAME[:5]))
    switch(workspace, name="weather", model_ref="model/weather@1", release_ref="release/weather@1")
    with pytest.raises(InvalidInput, match="task regression"):
        shadow(workspace, name="weather", refs=[other.ref])
    shadow(workspace, name="weather", refs=["model/weather@2"])
    with service._deployments.changed:
        assert service._deployments.changed.wait_for(lambda: service.status("weather").shadow, 60)
    for rows in (ROWS, ROWS * 60):
        said = http.predict({"rows": rows}, "weather").json()["predictions"]
        shown = show(workspace, id=said[-1]["id"])
        assert [*shown.shadows["model/weather@2"]["probabilities"]] == ["dry", "snow", "wet", "wild"]
        assert "snow" not in shown.outputs["probabilities"]
    with workspace.read() as tx:
        found = frame(tx, "weather", shown.at - timedelta(hours=1), shown.at + timedelta(hours=1))
    assert found["_shadow:model/weather@2:probabilities"].list.len().unique().to_list() == [4]
    assert found["_output:probabilities"].list.len().unique().to_list() == [3]
    assert set(found["_shadow:model/weather@2:label"]) <= {"dry", "snow", "wet", "wild"}
