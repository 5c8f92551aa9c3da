from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import polars as pl
import pytest

from meguru.stats.profile import TableProfile, TimeProfile, profile_column, profile_frame

DAY = date(2024, 1, 1)


def test_a_column_of_times_is_told_by_its_ends_quantiles_and_bins():
    days = [DAY + timedelta(days=n) for n in range(101)]
    profile = TimeProfile.of(pl.Series([*days, None]))
    assert (profile.count, profile.nulls) == (101, 1)
    assert (profile.minimum, profile.maximum) == ("2024-01-01", "2024-04-10")
    assert profile.quantiles[3] == "2024-02-20"
    assert sum(profile.counts) == 101
    assert min(profile.counts) >= 1


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (datetime(2024, 1, 1, 12, tzinfo=UTC), "2024-01-01T12:00:00+00:00"),
        (datetime(2024, 1, 1, 12, tzinfo=UTC).replace(tzinfo=None), "2024-01-01T12:00:00"),
        (time(12, 30), "12:30:00"),
        (date(1, 1, 1), "0001-01-01"),
    ],
)
def test_one_moment_is_written_as_its_type_is(value, written):
    profile = TimeProfile.of(pl.Series([value, value]))
    assert (profile.minimum, profile.maximum, profile.counts) == (written, written, (2,))


def test_no_moment_has_no_ends():
    profile = TimeProfile.of(pl.Series([None], dtype=pl.Date))
    assert (profile.count, profile.nulls, profile.minimum, profile.counts) == (0, 1, None, ())


def test_times_stand_apart_in_a_table_and_are_read_back():
    frame = pl.DataFrame({"at": [DAY], "n": [1], "l": [[1]]})
    profile = profile_frame(frame)
    assert (list(profile.columns), list(profile.times)) == (["n"], ["at"])
    assert TableProfile.from_dict(profile.to_dict()) == profile
    assert TableProfile.from_dict({"rows": 1, "columns": {}}).times == {}


def test_of_many_categories_the_most_frequent_are_kept_equal_ones_by_name():
    texts = [f"c{n:04d}" for n in range(1000)]
    profile = profile_column(pl.Series([*texts, *texts[500:520], "c0999", "c0999"]), top=25)
    assert profile.top[0] == ("c0999", 3)
    assert [name for name, count in profile.top if count == 2] == texts[500:520]
    assert [name for name, count in profile.top if count == 1] == texts[:4]
    assert (profile.distinct, profile.count, profile.other) == (1000, 1022, 1022 - 3 - 40 - 4)
