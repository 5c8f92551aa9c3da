"""Raw answers of tasks that only a project's own code gives, as outputs that can be kept and sent."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import numpy as np
import pytest

from meguru.predictions import payload
from meguru.serving import answers
from meguru.serving.task_outputs import TaskOutputs
from meguru.tasks import WrongShape, task_of

GENERIC = {
    "task": "generic",
    "outputs": [
        {"name": "text", "type": "string"},
        {"name": "vector", "type": "double", "shape": [3]},
        {"name": "tags", "type": "string", "shape": [-1]},
        {"name": "count", "type": "long"},
        {"name": "when", "type": "datetime"},
        {"name": "raw", "type": "any"},
    ],
}
RAW = {
    "text": np.array(["a", "東"]),
    "vector": np.array([[1.0, np.nan, np.inf], [0.5, -0.0, 2.0]]),
    "tags": [["x"], []],
    "count": np.array([2**40, -1]),
    "when": np.array(["2013-03-01T00:00:00", "2013-03-02T00:00:00"], dtype="datetime64[ns]"),
    "raw": [{"box": np.array([1, 2]), "is": np.bool_(True)}, None],
}
SHOWN = [
    {
        "text": "a",
        "vector": [1.0, None, None],
        "tags": ["x"],
        "count": 2**40,
        "when": "2013-03-01T00:00:00",
        "raw": {"box": [1, 2], "is": True},
    },
    {
        "text": "東",
        "vector": [0.5, -0.0, 2.0],
        "tags": [],
        "count": -1,
        "when": "2013-03-02T00:00:00",
        "raw": None,
    },
]


def sent(answer, batch_id=None):
    said = msgspec.json.decode(answers.predictions(batch_id, answer, "model/a@1", "release/a@1").body)
    return said["predictions"]


@pytest.mark.parametrize("times", [1, payload.MAX_PACKED_ROWS])
def test_named_outputs_of_any_type_are_sent_and_kept(times):
    raw = {
        name: [*values] * times if name != "when" else np.tile(values, times) for name, values in RAW.items()
    }
    answer = TaskOutputs(task_of(GENERIC)).answer(raw, 2 * times)
    assert sent(answer)[:2] == SHOWN
    assert sent(answer, "pred-a")[1] == SHOWN[1] | {"id": "pred-a.1"}
    n = 2 * times
    packed = payload.pack(payload.make({"x": "double"}, {"x": [0.5] * n}, answer, [datetime.now(UTC)] * n))
    assert sent(payload.answer_of(packed)) == sent(answer)
    assert payload.frame_of(packed)["_output:vector"].to_list()[1] == [0.5, -0.0, 2.0]


def test_an_interval_has_its_ends():
    answer = TaskOutputs(task_of("interval")).answer(np.array([[1.0, 0.5, 2.0], [np.nan, 0.0, 1.0]]), 2)
    assert sent(answer) == [{"score": 1.0, "low": 0.5, "high": 2.0}, {"score": None, "low": 0.0, "high": 1.0}]


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("text", [1, 2]),
        ("count", [1.5, 2.0]),
        ("vector", [["a", "b", "c"], [1.0, 2.0, 3.0]]),
        ("tags", [[None], []]),
        ("raw", [object(), None]),
        ("text", ["only one"]),
    ],
)
def test_values_that_are_not_as_promised_are_refused(name, values):
    with pytest.raises(WrongShape):
        TaskOutputs(task_of(GENERIC)).answer(RAW | {name: values}, 2)
