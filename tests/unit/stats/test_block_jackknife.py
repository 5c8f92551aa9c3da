import numpy as np
import pytest

from meguru.errors import InvalidInput
from meguru.stats.block_jackknife import jackknife_error, student_interval, total_error

BLOCKS, ROWS = 20, 1000


def blocks_of(values):
    return values.reshape(BLOCKS, -1)


def test_nineteen_of_twenty_intervals_hold_the_truth():
    draw = np.random.default_rng(7)
    held = {"sum": 0, "ratio": 0}
    for _ in range(1000):
        costs = blocks_of(draw.exponential(3.0, ROWS))
        counts = blocks_of(draw.poisson(2.0, ROWS) + 1.0)
        sums, over = costs.sum(axis=1), counts.sum(axis=1)
        total = student_interval(sums.sum(), total_error(sums), BLOCKS, ROWS)
        held["sum"] += total.low <= 3.0 * ROWS <= total.high
        without = (sums.sum() - sums) / (over.sum() - over)
        ratio = student_interval(sums.sum() / over.sum(), jackknife_error(without), BLOCKS, ROWS)
        held["ratio"] += ratio.low <= 1.0 <= ratio.high
    assert all(930 <= each <= 970 for each in held.values()), held


def test_rows_that_depend_on_each_other_make_it_wide_as_they_should():
    draw = np.random.default_rng(7)
    held = naive = 0
    for _ in range(500):
        storms = np.repeat(draw.normal(0, 1, 200), 5)
        sums = blocks_of(storms).sum(axis=1)
        found = student_interval(storms.sum(), total_error(sums), BLOCKS, ROWS)
        held += found.low <= 0 <= found.high
        naive += abs(storms.sum()) <= 1.96 * storms.std(ddof=1) * ROWS**0.5
    assert held >= 460
    assert naive < 400


def test_a_mean_has_the_error_of_the_plain_formula():
    values = np.random.default_rng(7).normal(size=ROWS)
    each = values.sum() - values
    assert jackknife_error(each / (ROWS - 1)) == pytest.approx(values.std(ddof=1) / ROWS**0.5)
    assert total_error(values) == pytest.approx(values.std(ddof=1) * ROWS**0.5)


def test_one_block_tells_nothing():
    assert np.isnan(total_error(np.ones(1)))
    assert np.isnan(jackknife_error(np.ones(0)))
    with pytest.raises(InvalidInput, match="two blocks"):
        student_interval(1.0, 1.0, 1, 1)
