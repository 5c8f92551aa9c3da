"""Lengths of time are written as they may be given."""

import pytest

from meguru.base.durations import seconds, written


@pytest.mark.parametrize(
    ("found", "text"), [(2_592_000, "30d"), (14_340, "239m"), (7200, "2h"), (90, "90s"), (0.25, "0.25s")]
)
def test_a_length_is_written_in_the_largest_unit_that_it_is_whole_in(found, text):
    assert written(found) == text
    assert seconds(text, field="ttl") == found
