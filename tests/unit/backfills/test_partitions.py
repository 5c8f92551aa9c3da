"""From a range to its partitions."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meguru.backfills.partitions import MAX_PARTITIONS, keys_of
from meguru.errors import InvalidInput


@pytest.mark.parametrize(
    ("first", "last", "width", "expected"),
    [
        ("2024-02-28", "2024-03-01", "day", ["2024-02-28", "2024-02-29", "2024-03-01"]),
        ("2024-01-01", "2024-01-20", "week", ["2024-01-01", "2024-01-08", "2024-01-15"]),
        ("2024-11-01", "2025-02-01", "month", ["2024-11-01", "2024-12-01", "2025-01-01", "2025-02-01"]),
        (
            "2024-01-01T22:00",
            "2024-01-02T00:00",
            "hour",
            [f"2024-01-0{n}:00:00" for n in ("1T22", "1T23", "2T00")],
        ),
        ("2024-01-01T22:00Z", "2024-01-01T22:00Z", "hour", ["2024-01-01T22:00:00+00:00"]),
        ("2024-01-01", "2024-01-01", "day", ["2024-01-01"]),
        ("9999-12-31", "9999-12-31", "day", ["9999-12-31"]),
        ("9999-12-01", "9999-12-31", "month", ["9999-12-01"]),
    ],
)
def test_both_ends_count(first, last, width, expected):
    assert keys_of(first, last, width) == expected


def test_with_hours_a_last_day_counts_to_its_end():
    assert len(keys_of("2024-01-01", "2024-01-02", "hour")) == 48


@pytest.mark.parametrize(
    ("first", "last", "width", "field"),
    [
        ("2024-01-02", "2024-01-01", "day", "last"),
        ("2024-13-01", "2024-01-01", "day", "first"),
        ("2024-01-01", "tomorrow", "day", "last"),
        ("2024-01-31", "2024-03-01", "month", "first"),
        ("2024-01-01T00:00Z", "2024-01-01T05:00", "hour", "last"),
        ("0001-01-01", "9999-12-31", "day", "last"),
        ("2024-01-01", "", "day", "last"),
    ],
)
def test_a_range_that_is_none_is_refused_with_its_field(first, last, width, field):
    with pytest.raises(InvalidInput) as refused:
        keys_of(first, last, width)
    assert refused.value.field == field


@given(st.dates(date(1990, 1, 1), date(2050, 1, 1)), st.integers(1, MAX_PARTITIONS))
def test_days_follow_each_other_without_gap_and_never_twice(first, count):
    found = keys_of(first.isoformat(), (first + timedelta(days=count - 1)).isoformat(), "day")
    assert found == [(first + timedelta(days=n)).isoformat() for n in range(count)]
