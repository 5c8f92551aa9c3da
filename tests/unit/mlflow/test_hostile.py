"""Bodies that mean harm, to every call of the protocol: the protocol's error, never one of ours."""

from __future__ import annotations

import msgspec
import pytest

from meguru.mlflow.protocol.errors import Refusal
from meguru.mlflow.protocol.openapi import document
from meguru.mlflow.protocol.params import read_json

BODIES = {
    "lists in lists": b"[" * 100_000,
    "objects in objects": b'{"a":' * 5000 + b"1" + b"}" * 5000,
    "a field that goes deep": b'{"run_id":' + b"[" * 50_000 + b"]" * 50_000 + b"}",
    "half a pair": b'{"run_id":"\\ud800","name":"\\udfff"}',
    "no UTF-8": b'{"run_id":"\xff"}',
    "numbers out of range": b'{"run_id":' + b"9" * 40 + b',"timestamp":1e400,"step":-1e400,"x":NaN}',
    "the same field twice": b'{"run_id":"a","run_id":["b"],"name":{},"name":[]}',
    "a text of text": b'"' + b'\\"' * 1000 + b'"',
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
def test_no_body_breaks_a_call(mlflow, body):
    calls = [
        (path.replace("{", "").replace("}", ""), method.upper())
        for path, methods in document()["paths"].items()
        for method in methods
        if method != "get"
    ]
    assert len(calls) > 40
    for path, method in calls:
        answer = mlflow.http.request(method, path, content=body)
        assert answer.status_code in {200, 400, 404, 501}, (method, path, answer.text)
        if answer.status_code != 200:
            assert answer.json()["error_code"], (method, path)


@pytest.mark.parametrize("also", ["1", "NaN"])
def test_at_any_depth_a_value_is_refused(also):
    def ask(depth, frames):
        if frames:
            return ask(depth, frames - 1)
        return read_json(f'{{"step":{"[" * depth + "]" * depth},"also":{also}}}'.encode()).integer("step")

    for depth in range(1, 1100, 7):
        for frames in (0, 3):
            with pytest.raises(Refusal):
                ask(depth, frames)


def test_what_is_unknown_and_deep_in_a_batch_is_refused(mlflow):
    deep = b'{"run_id":"' + mlflow.run().encode() + b'","unknown":' + b"[" * 50_000 + b"]" * 50_000 + b"}"
    answer = mlflow.http.post("/api/2.0/mlflow/runs/log-batch", content=deep)
    assert (answer.status_code, answer.json()["error_code"]) == (400, "BAD_REQUEST")
    model = msgspec.json.encode({"run_id": mlflow.run(), "model_json": "[" * 50_000})
    assert mlflow.http.post("/api/2.0/mlflow/runs/log-model", content=model).status_code == 400
