"""Moments are written in UTC, so that text order is time order."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from meguru.base.timestamps import read_time, write_time
from meguru.errors import InvalidInput


def test_the_hour_that_a_clock_shows_twice_is_two_moments():
    first = datetime(2026, 10, 25, 2, 30, tzinfo=ZoneInfo("Europe/Berlin"))
    assert first == first.replace(fold=1)  # says Python
    assert write_time(first) == "2026-10-25T00:30:00.000000Z"
    assert write_time(first.replace(fold=1)) == "2026-10-25T01:30:00.000000Z"


def test_a_moment_is_read_back_as_it_was_and_one_without_a_zone_is_refused():
    at = datetime(2026, 1, 31, 12, 0, 0, 5, tzinfo=UTC)
    assert read_time(write_time(at)) == at
    with pytest.raises(InvalidInput, match="no time zone"):
        write_time(at.replace(tzinfo=None))
