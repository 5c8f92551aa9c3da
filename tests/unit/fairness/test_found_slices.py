"""Slices are proposed on one half of the rows and tested on the other."""

import numpy as np
import polars as pl
import pytest

from meguru.datasets.row_expressions import compile_rows
from meguru.fairness.found_slices import find_slices


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
