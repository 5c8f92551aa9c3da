from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meguru.predictions import payload

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


@pytest.mark.parametrize("n", [1, payload.FEW, payload.FEW + 1])
def test_a_feature_called_like_a_reserved_column_keeps_its_values_under_another_name(n: int):
    content = payload.make({"_score": "double"}, {"_score": [9.0] * n}, [0.5] * n, [datetime.now(UTC)] * n)
    frame = payload.frame_of(payload.pack(content))
    assert frame["feature:_score"].to_list() == [9.0] * n
    assert frame["_score"].to_list() == [0.5] * n
