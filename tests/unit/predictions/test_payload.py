from __future__ import annotations

import io
from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from meguru.predictions import payload
from meguru.predictions.outputs import PLAIN, AnswerOutput, ModelAnswer

TYPES = {"flag": "boolean", "count": "long", "size": "double", "name": "string", "when": "datetime"}
VALUES = {
    "flag": st.booleans(),
    "count": st.integers(-(2**63), 2**63 - 1),
    "size": st.floats(allow_nan=False),
    "name": st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    "when": st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
}
ROW = st.fixed_dictionaries({name: st.none() | values for name, values in VALUES.items()})


@given(st.lists(ROW, min_size=1, max_size=5), st.integers(1, 80))
def test_what_was_packed_is_read_back_whether_few_rows_or_many(rows: list[dict[str, object]], times: int):
    repeated = rows * times
    columns = {name: [row[name] for row in repeated] for name in TYPES}
    scores = [index / 7 for index in range(len(repeated))]
    moments = [datetime(2013, 3, 1, 0, 0, 0, index, tzinfo=UTC) for index in range(len(repeated))]
    packed = payload.pack(payload.make(TYPES, columns, scores, moments, {"model/a@2": scores}))
    frame = payload.frame_of(packed)
    assert {name: frame[name].to_list() for name in TYPES} == columns
    assert frame["_score"].to_list() == [*payload.answer_of(packed).columns["score"]] == scores
    assert frame["_time"].to_list() == moments
    assert frame["_shadow:model/a@2"].to_list() == scores


@pytest.mark.parametrize("n", [1, payload.MAX_PACKED_ROWS, payload.MAX_PACKED_ROWS + 1])
def test_a_feature_called_like_a_reserved_column_keeps_its_values_under_another_name(n: int):
    content = payload.make({"_score": "double"}, {"_score": [9.0] * n}, [0.5] * n, [datetime.now(UTC)] * n)
    frame = payload.frame_of(payload.pack(content))
    assert frame["feature:_score"].to_list() == [9.0] * n
    assert frame["_score"].to_list() == [0.5] * n


@pytest.mark.parametrize("n", [2, payload.MAX_PACKED_ROWS + 2])
def test_what_was_written_before_there_were_outputs_is_read_as_one_score_a_row(n: int):
    shadows = {"model/a@2": [0.125] * n}
    content = payload.make({"x": "double"}, {"x": [1.5] * n}, [0.25] * n, [datetime.now(UTC)] * n, shadows)
    if n > payload.MAX_PACKED_ROWS:
        buffer = io.BytesIO()
        payload.frame(content).write_ipc(buffer, compression="zstd")
        old = buffer.getvalue()
    else:
        rows = [(1.5, 0.25, content.times[0], 0.125)] * n
        old = msgspec.msgpack.encode((msgspec.msgpack.encode(({"x": "double"}, ["model/a@2"])), rows))
        assert payload.pack(content) == old
    assert payload.frame_of(old).columns == ["x", "_score", "_time", "_shadow:model/a@2"]
    assert [*payload.answer_of(old).columns["score"]] == [0.25] * n
    assert payload.outputs_of(old) == (PLAIN, {"model/a@2": PLAIN})
    assert {name: [*values] for name, values in payload.features_of(old).items()} == {"x": [1.5] * n}
    assert payload.together(old) is None


OUTPUTS = (
    AnswerOutput("label", "string"),
    AnswerOutput("probabilities", "double", 1, ("dry", "wet")),
    AnswerOutput("box", "long", 2),
    AnswerOutput("said", "any"),
    AnswerOutput("score"),
)
VALUES_OF_OUTPUTS = {
    "label": ["wet", None],
    "probabilities": [[0.25, 0.75], [float("inf"), None]],
    "box": [[[1, 2], []], []],
    "said": [{"deep": [1, "x", None]}, None],
    "score": [-0.0, None],
}


@pytest.mark.parametrize("times", [1, payload.MAX_PACKED_ROWS])
def test_outputs_of_every_type_and_depth_come_back(times: int):
    columns = {name: values * times for name, values in VALUES_OF_OUTPUTS.items()}
    answer, n = ModelAnswer(OUTPUTS, columns), 2 * times
    together = payload.ScoringBatch("pred-a", "pred-b", 2)
    made = payload.make(
        {"x": "double"}, {"x": [1.5] * n}, answer, [datetime.now(UTC)] * n, {"model/a@2": answer}
    )
    packed = payload.pack(made, together)
    found = payload.answer_of(packed)
    assert {name: [*values] for name, values in found.columns.items()} == columns
    assert str(found.columns["score"][0]) == "-0.0"
    assert found.shown()[:2] == [
        {
            **{name: values[0] for name, values in columns.items()},
            "probabilities": {"dry": 0.25, "wet": 0.75},
        },
        {
            **{name: values[1] for name, values in columns.items()},
            "probabilities": {"dry": float("inf"), "wet": None},
        },
    ]
    assert payload.outputs_of(packed) == (OUTPUTS, {"model/a@2": OUTPUTS})
    assert payload.together(packed) == together
    frame = payload.frame_of(packed)
    assert frame["_output:box"].to_list() == columns["box"]
    assert frame["_shadow:model/a@2:said"].to_list()[0] == '{"deep":[1,"x",null]}'
    assert frame["_shadow:model/a@2"].to_list() == columns["score"]
