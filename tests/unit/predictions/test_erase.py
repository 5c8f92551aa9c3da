"""A person is found in predictions under the name of the column, whatever it is kept as."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from meguru.artifacts.erasure import ErasureSubject
from meguru.predictions import payload, payload_search
from meguru.predictions.erase import PersonMatcher

ANNA = ErasureSubject({"email": ["anna@example.org"]})


@pytest.mark.parametrize("name", ["email", "sent:email"])
@pytest.mark.parametrize("n", [3, payload.MAX_PACKED_ROWS + 3])
def test_what_was_sent_under_the_name_of_a_column_of_the_model_is_found_too(name: str, n: int) -> None:
    values = ["bo@example.org"] * (n - 1) + ANNA.who["email"]
    times = [datetime(2026, 1, 1, tzinfo=UTC)] * n
    packed = payload.pack(payload.make({name: "string"}, {name: values}, [0.5] * n, times))
    assert PersonMatcher(ANNA).rows(packed) == {n - 1}
    assert PersonMatcher(ANNA).rows(payload_search.without_features(packed, {n - 1})) == set()
