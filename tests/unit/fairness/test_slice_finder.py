"""Slices are proposed on one half of the rows and tested on the other."""

import numpy as np
import polars as pl
import pytest

from meguru.datasets.row_expressions import compile_rows
from meguru.fairness import slice_finder
from meguru.fairness.slice_finder import find_slices


def rows(n, seed=0):
    draw = np.random.default_rng(seed)
    frame = pl.DataFrame(
        {
            "hour": draw.integers(0, 24, n),
            "mean wind": draw.normal(size=n),
            "carrier": draw.choice(["UA", "O'Hare", "DL"], n),
            "night": draw.random(n) < 0.3,
            "seat": pl.Series(draw.normal(size=n)).set(pl.Series(draw.random(n) < 0.1), None),
        }
    )
    return frame, draw.exponential(1.0, n)


def test_a_part_of_two_columns_that_is_worse_is_found_with_its_numbers():
    frame, loss = rows(20_000)
    bad = ((frame["carrier"] == "O'Hare") & (frame["mean wind"] > 0.5)).to_numpy()
    found = find_slices(frame, loss + 2.0 * bad, frame.columns)
    first = found[0]
    assert 'carrier == "O\'Hare"' in first.condition
    assert "column('mean wind') > " in first.condition
    assert first.low < first.gap < first.high
    assert first.low > 1
    assert first.inside - first.outside == pytest.approx(first.gap)
    mask = frame.select(compile_rows(first.condition, frame.schema).alias("m")).to_series()
    assert first.rows == pytest.approx(mask.sum() / 2, rel=0.15)
    assert found == find_slices(frame, loss + 2.0 * bad, frame.columns)


def test_what_is_missing_can_be_what_is_worse_and_conditions_are_of_the_one_language():
    frame, loss = rows(8000, seed=1)
    lost = frame["seat"].is_null().to_numpy() | frame["night"].to_numpy()
    found = find_slices(frame, loss + lost, frame.columns)
    texts = " ".join(each.condition for each in found)
    assert "is_null(seat)" in texts
    assert "night == true" in texts
    for each in found:
        frame.select(compile_rows(each.condition, frame.schema))


def test_few_rows_and_columns_without_a_split_have_no_slices():
    frame, loss = rows(150)
    assert find_slices(frame, loss, frame.columns) == []
    frame, loss = rows(1000)
    assert find_slices(frame.select(one=pl.lit(1)), loss, ["one"]) == []


@pytest.mark.parametrize("times", [20, pytest.param(300, marks=pytest.mark.soak)])
def test_where_nothing_is_worse_slices_are_found_as_seldom_as_is_said(times):
    alarms = 0
    for seed in range(times):
        frame, loss = rows(1500, seed=100 + seed)
        alarms += bool(find_slices(frame, loss, frame.columns))
    assert alarms / times <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / times)


def test_the_interval_of_what_is_called_certain_does_not_hold_0():
    found = []
    for seed in range(15):
        frame, loss = rows(3000, seed=300 + seed)
        found += find_slices(frame, loss + 0.12 * frame["night"].to_numpy(), frame.columns)
    assert found
    assert all(each.low > 0 for each in found)


def test_values_that_can_not_be_written_are_in_no_condition_and_any_column_can_be_called_count():
    draw = np.random.default_rng(4)
    part = draw.integers(0, 4, 6000)
    frame = pl.DataFrame(
        {
            "count": np.array([0.0, 1.0, np.nan, 2.0])[part],
            "text": np.array(["a", "b" * 500, "c", "d"])[part],
            "price": pl.Series(np.array([0.5, 1.5, 2.5, 3.5])[part]).cast(pl.Decimal(10, 2)),
        }
    )
    found = find_slices(frame, draw.random(6000) + (part >= 2), frame.columns)
    assert found
    for each in found:
        frame.select(compile_rows(each.condition, frame.schema))


def test_many_conditions_are_asked_of_fewer_rows(monkeypatch):
    frame, loss = rows(4000)
    bad = (frame["carrier"] == "DL").to_numpy()
    monkeypatch.setattr(slice_finder, "MAX_CELLS", 40_000)
    (first, *_) = find_slices(frame, loss + 3 * bad, frame.columns)
    assert first.condition == "carrier == 'DL'"
    assert first.rows == pytest.approx(bad.sum() / 2, rel=0.15)
