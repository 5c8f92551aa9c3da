"""Drift tests of values agree with SciPy; many tests together are counted by their false discovery rate."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy import stats
from scipy.spatial.distance import jensenshannon

from meguru.stats.drift import TESTS, CategoryCounts, SampledValues
from meguru.stats.drift import ks as ks_module
from meguru.stats.drift.false_discovery import discoveries

SIZES = st.integers(1, 60)
VALUES = st.floats(-1e6, 1e6) | st.integers(-2, 2).map(float)
COUNTED = st.lists(st.tuples(st.integers(20, 500), st.integers(20, 500)), min_size=2, max_size=8)


def numbers(before, after):
    return SampledValues(
        reference=np.sort(np.asarray(before, float)), current=np.sort(np.asarray(after, float))
    )


def counts(before, after):
    return CategoryCounts(reference=np.asarray(before, float), current=np.asarray(after, float))


def columns():
    column = SIZES.flatmap(lambda n: arrays.arrays(float, n, elements=VALUES))
    return st.tuples(column, column)


@pytest.mark.filterwarnings("ignore:ks_2samp")
@given(columns())
def test_the_ks_distance_and_its_p_value_are_scipys(sides):
    found = TESTS.load("ks")().compare(numbers(*sides))
    truth = stats.ks_2samp(*sides)
    assert found.statistic == pytest.approx(truth.statistic, abs=1e-12)
    assert found.p_value == pytest.approx(truth.pvalue, abs=1e-9)


@pytest.mark.filterwarnings("ignore:ks_2samp")
@given(columns())
def test_the_ks_distance_of_many_rows_is_the_same(sides):
    sample = numbers(*sides)
    found = ks_module._distance(sample.reference, sample.current)
    assert found == pytest.approx(stats.ks_2samp(*sides).statistic, abs=1e-12)


def test_the_p_value_of_many_rows_is_scipys(monkeypatch):
    draw = np.random.default_rng(3)
    sides = draw.normal(size=900), draw.normal(0.08, size=1100)
    monkeypatch.setattr(ks_module, "EXACT", 10)
    found = TESTS.load("ks")().compare(numbers(*sides))
    assert found.p_value == pytest.approx(stats.ks_2samp(*sides, method="asymp").pvalue, rel=1e-9)


@given(columns())
def test_the_wasserstein_distance_is_scipys(sides):
    found = TESTS.load("wasserstein")().compare(numbers(*sides))
    assert found.statistic == pytest.approx(stats.wasserstein_distance(*sides), rel=1e-9, abs=1e-9)


@given(COUNTED)
def test_chi_square_is_scipys_where_no_category_is_rare(rows):
    before, after = map(list, zip(*rows, strict=True))
    found = TESTS.load("chi_square")().compare(counts(before, after))
    table = np.array([before, after])
    smaller = min(table.sum(axis=1)) * table.sum(axis=0) / table.sum()
    if smaller.min() >= 5:
        truth = stats.chi2_contingency(table, correction=False)
        assert found.statistic == pytest.approx(truth.statistic, rel=1e-9)
        assert found.p_value == pytest.approx(truth.pvalue, rel=1e-6, abs=1e-12)


@given(COUNTED)
def test_the_jensen_shannon_distance_is_scipys_where_no_category_is_rare(rows):
    before, after = map(np.array, zip(*rows, strict=True))
    smaller = min(before.sum(), after.sum()) * (before + after) / (before + after).sum()
    if smaller.min() >= 5:
        found = TESTS.load("jensen_shannon")().compare(counts(before, after))
        truth = jensenshannon(before / before.sum(), after / after.sum(), base=2)
        assert found.statistic == pytest.approx(truth, abs=1e-7)


def test_over_bins_the_distance_is_nearly_that_of_the_values():
    draw = np.random.default_rng(5)
    for make in (draw.normal, draw.exponential):
        sides = numbers(make(size=20_000), 1.2 * make(size=9000))
        for name, near in (("ks", 0.002), ("wasserstein", 0.005), ("psi", 1e-12), ("jensen_shannon", 1e-12)):
            exact, binned = (TESTS.load(name)().compare(each) for each in (sides, sides.binned()))
            assert binned.statistic == pytest.approx(exact.statistic, abs=near)
            assert binned.effect == pytest.approx(exact.effect, abs=near)
            assert binned.drifted == exact.drifted


@given(st.lists(st.floats(0, 1), max_size=30), st.floats(0.001, 0.5))
def test_discoveries_are_those_of_the_step_up_rule(p_values, level):
    order = sorted(p_values)
    last = max((rank for rank, p in enumerate(order, 1) if p <= level * rank / len(order)), default=0)
    limit = order[last - 1] if last else -1.0
    assert discoveries(p_values, level) == [p <= limit for p in p_values]
