"""Columns of lists over HTTP: vectors and pictures are answered, recorded, described and refused by name."""

from __future__ import annotations

import json

import numpy as np
import polars as pl
import pytest

pytest.importorskip("onnxruntime")

from onnx import TensorProto, helper, numpy_helper

from meguru.flavors.model import Model
from meguru.predictions.operations import show
from meguru.registry.client import add_model
from meguru.serving.operations import create, replay, switch
from meguru.testing.networks.onnx import graph

ROWS = [
    {"age": 3.0, "picture": [[1.0, 2.0], [3.0, 4.5]], "word": ["a", "b", "c"]},
    {"age": -1.5, "picture": [[0.0, 0.0], [0.25, 0.0]], "word": ["d", "e", "f"]},
]


def summing():
    """Give the sum of a picture and an age, and the words as they came."""
    nodes = [
        helper.make_node("Flatten", ["picture"], ["flat"]),
        helper.make_node("Concat", ["flat", "age"], ["all"], axis=1),
        helper.make_node("ReduceSum", ["all", "axes"], ["total"], keepdims=0),
        helper.make_node("Identity", ["word"], ["said"]),
    ]
    axes = numpy_helper.from_array(np.array([1]), "axes")
    inputs = {"age": ["n", 1], "picture": ["n", 2, 2], "word": ["n", 3]}
    texts = {"word": TensorProto.STRING, "said": TensorProto.STRING}
    return graph(nodes, inputs, {"total": ["n"], "said": ["n", 3]}, [axes], dtypes=texts)


@pytest.fixture
def pictures(workspace, service):
    create(workspace, name="pictures", model="pictures")
    model = Model(estimator=summing(), example=pl.DataFrame(ROWS), task="generic")
    made = add_model(workspace, "pictures", model)
    switch(workspace, name="pictures", model_ref=made.ref, release_ref="release/pictures@1")
    assert service.wait_until_current("pictures", timeout=60), service.status("pictures").fault
    return made


def answer(http, body):
    said = http.predict(body, "pictures")
    assert said.status_code == 200, said.text
    return said.json()["predictions"]


@pytest.mark.parametrize("times", [1, 150])
def test_lists_are_answered_recorded_and_asked_again(workspace, http, pictures, times):
    said = answer(http, {"rows": ROWS * times})
    assert [(each["total"], each["said"]) for each in said[:2]] == [
        (13.5, ["a", "b", "c"]),
        (-1.25, ["d", "e", "f"]),
    ]
    shown = show(workspace, id=said[-1]["id"])
    assert shown.features == ROWS[1]
    assert replay(workspace, id=said[0]["id"].partition(".")[0]).equal


def test_every_form_of_a_request_may_hold_lists(http, pictures):
    columns = {name: [row[name] for row in ROWS] for name in ROWS[0]}
    names = ["word", "age", "picture"]
    split = {"columns": names, "data": [[row[name] for name in names] for row in ROWS]}
    wanted = [each["total"] for each in answer(http, {"rows": ROWS})]
    for body in ({"columns": columns}, {"dataframe_split": split}, {"dataframe_records": ROWS}):
        assert [each["total"] for each in answer(http, body)] == wanted
    spelled = ROWS[0] | {"picture": [["1.0", 2], [3, 4.5]]}  # as protobuf writes numbers
    assert answer(http, {"rows": [spelled]})[0]["total"] == wanted[0]


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ([[1.0, 2.0]], "1 values where 2"),
        ([[1.0, 2.0], [3.0]], "1 values where 2"),
        ([[1.0, 2.0], [3.0, "x"]], ""),
        ([[1.0, 2.0], [3.0, None]], ""),
        ([1.0, 2.0], "no list"),
        (7, "no list"),
        (None, ""),
        ([[[[[[1.0]]]]]] * 2, ""),
        ([[1.0] * 50_000] * 2, "50000 values where 2"),
    ],
)
def test_lists_of_another_shape_are_refused_by_name(http, pictures, value, why):
    said = http.predict({"rows": [ROWS[0], ROWS[1] | {"picture": value}]}, "pictures")
    assert said.status_code == 422, said.text
    error = said.json()["error"]
    assert error["field"] == "rows[1].picture"
    assert "2 × 2 numbers" in error["what"]
    assert why in error["why"]
    assert len(json.dumps(error)) < 1_000


def test_the_description_tells_the_shapes(http, pictures):
    paths = http.request("GET", "/endpoints/pictures/openapi.json").json()["paths"]
    asked = paths["/endpoints/pictures/predict"]["post"]["requestBody"]
    text = json.dumps(asked["content"]["application/json"]["schema"])
    inner = {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2}
    assert json.dumps({"type": "array", "items": inner, "minItems": 2, "maxItems": 2}) in text
