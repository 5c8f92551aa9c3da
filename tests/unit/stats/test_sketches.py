"""Sketches say about what profiles say, add up, and are read as they were written."""

import numpy as np
import polars as pl
import pytest

from meguru.errors import InvalidInput
from meguru.stats import profile_column, tally_column
from meguru.stats.sketches import can_sketch, merged, read_sketch, sketch_column, write_sketch

pytestmark = pytest.mark.skipif(not can_sketch(), reason="needs meguru[sketches]")
N = 40_000


def numbers(seed=0, shift=0.0):
    draw = np.random.default_rng(seed)
    values = draw.normal(shift, 1, N)
    values[:40] = np.nan
    values[40:60] = np.inf
    return pl.Series("n", values)


def words(seed=0):
    draw = np.random.default_rng(seed)
    return pl.Series("w", [None if each == 7 else f"w{each}" for each in draw.geometric(0.2, N)])


def in_parts(column):
    parts = [sketch_column(column[at : at + N // 8]) for at in range(0, N, N // 8)]
    return read_sketch(write_sketch(merged(parts)))


def test_numbers_are_profiled_and_counted_nearly_as_they_are():
    sketch, exact = in_parts(numbers()), profile_column(numbers())
    found = sketch.profile()
    assert (found.count, found.nulls, found.maximum) == (exact.count, exact.nulls, exact.maximum)
    assert (found.mean, found.sd) == pytest.approx((exact.mean, exact.sd))
    assert np.allclose(found.edges, exact.edges, atol=0.03)
    assert sum(found.counts) == sum(found.shares) == found.count
    shifted = numbers(seed=1, shift=0.4)
    ours, theirs = in_parts(shifted).over(exact), tally_column(exact, shifted)
    assert (ours.nulls, ours.infinite, ours.count) == (theirs.nulls, theirs.infinite, theirs.count)
    gap = np.cumsum(ours.bins - theirs.bins) / N
    assert np.abs(gap).max() < 0.015


def test_numbers_far_out_are_counted():
    spoilt = numbers(seed=1)
    spoilt[np.arange(1000, 2200)] = -999.0
    exact = profile_column(numbers())
    ours, theirs = in_parts(spoilt).over(exact), tally_column(exact, spoilt)
    assert theirs.far == 1200
    assert ours.far == pytest.approx(theirs.far, abs=0.01 * N)


def test_moments_and_huge_numbers_have_a_deviation_or_none():
    moments = in_parts(numbers() * 3 + 1.7e9).profile()
    assert moments.sd == pytest.approx(3, rel=0.02)
    huge = in_parts(numbers() * 1e300).profile()
    assert huge.mean is not None
    assert huge.sd is None


def test_words_are_profiled_and_counted_nearly_as_they_are():
    sketch, exact = in_parts(words()), profile_column(words())
    found = sketch.profile()
    assert (found.count, found.nulls, found.top[:5]) == (exact.count, exact.nulls, exact.top[:5])
    assert found.distinct == pytest.approx(exact.distinct, abs=2)
    assert np.array_equal(in_parts(words(1)).over(exact).bins, tally_column(exact, words(1)).bins)


def test_nothing_many_words_and_constants_are_sketched():
    empty = sketch_column(pl.Series("n", [None, None], dtype=pl.Float64))
    assert (empty.profile().count, empty.profile().nulls) == (0, 2)
    assert empty.over(profile_column(numbers())).nulls == 2
    constant = sketch_column(pl.Series("n", [3] * 50)).profile()
    assert (constant.minimum, constant.maximum, constant.sd) == (3, 3, 0)
    many = sketch_column(pl.Series("w", [f"id {each}" for each in range(20_000)])).profile()
    assert many.distinct == pytest.approx(20_000, rel=0.05)
    assert sum(count for _, count in many.top) + many.other == 20_000
    assert sketch_column(pl.Series("d", [[1.0]])) is None


def test_numbers_and_words_do_not_add_up():
    with pytest.raises(InvalidInput):
        merged([sketch_column(numbers()), sketch_column(words())])
