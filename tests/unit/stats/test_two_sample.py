"""The tests of two samples: as SciPy's, false alarms as often as they say, no fault on odd samples."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy import stats

from meguru.stats.two_sample import TESTS, Sample
from meguru.stats.two_sample import ks as ks_module
from meguru.stats.two_sample.many import discoveries

SIZES = st.integers(1, 60)
VALUES = st.floats(-1e6, 1e6) | st.integers(-2, 2).map(float)


def numbers(before, after):
    return Sample(reference=np.sort(np.asarray(before, float)), current=np.sort(np.asarray(after, float)),
                  is_numeric=True)  # fmt: skip


def counts(before, after):
    return Sample(reference=np.asarray(before, float), current=np.asarray(after, float), is_numeric=False)


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
    assert ks_module._distance(sample) == pytest.approx(stats.ks_2samp(*sides).statistic, abs=1e-12)


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


@given(st.lists(st.tuples(st.integers(20, 500), st.integers(20, 500)), min_size=2, max_size=8))
def test_chi_square_is_scipys_where_no_category_is_rare(rows):
    before, after = map(list, zip(*rows, strict=True))
    found = TESTS.load("chi_square")().compare(counts(before, after))
    table = np.array([before, after])
    smaller = min(table.sum(axis=1)) * table.sum(axis=0) / table.sum()
    if smaller.min() >= 5:
        truth = stats.chi2_contingency(table, correction=False)
        assert found.statistic == pytest.approx(truth.statistic, rel=1e-9)
        assert found.p_value == pytest.approx(truth.pvalue, rel=1e-6, abs=1e-12)


@pytest.mark.parametrize("name", TESTS.names())
@given(columns())
def test_every_test_answers_of_any_sample(name, sides):
    test = TESTS.load(name)
    samples = [numbers(*sides)] if test.numeric else []
    categories = min(len(side) for side in sides)
    if test.categorical and categories:
        made = [np.abs(side[:categories]).round() for side in sides]
        samples += [counts(*made)] if all(side.sum() for side in made) else []
    for sample in samples:
        found = test().compare(sample)
        assert found.effect >= 0
        assert not math.isnan(found.statistic)
        assert found.p_value is None or 0 <= found.p_value <= 1
        swapped = Sample(reference=sample.reference, current=sample.reference, is_numeric=sample.is_numeric)
        same = test().compare(swapped)
        assert same.statistic == pytest.approx(0, abs=1e-9)
        assert same.effect == pytest.approx(0, abs=1e-9)


BOTH = [
    ("ks", True),
    ("chi_square", False),
    *((name, side) for name in ("jensen_shannon", "psi") for side in (True, False)),
]


@pytest.mark.parametrize(("name", "numeric"), BOTH)
def test_without_a_change_a_p_value_is_below_five_percent_in_about_five_percent(name, numeric):
    draw, rung, times = np.random.default_rng(7), 0, 1500
    shares = [0.3, 0.2, 0.15, 0.1, 0.1, 0.05, 0.05, 0.05]
    for _ in range(times):
        if numeric:
            sample = numbers(draw.normal(size=800), draw.normal(size=500))
        else:
            sample = counts(draw.multinomial(800, shares), draw.multinomial(500, shares))
        rung += TESTS.load(name)().compare(sample).p_value < 0.05
    assert 0.03 < rung / times < 0.07


@pytest.mark.parametrize("name", TESTS.names())
def test_a_shift_is_found(name):
    draw, test = np.random.default_rng(1), TESTS.load(name)
    sample = (
        numbers(draw.normal(size=5000), draw.normal(0.5, size=5000))
        if test.numeric
        else counts([400, 300, 200, 100], [300, 300, 200, 200])
    )
    found = test().compare(sample)
    assert found.effect > test.floor
    assert found.p_value is None or found.p_value < 1e-6


@given(st.lists(st.floats(0, 1), max_size=30), st.floats(0.001, 0.5))
def test_discoveries_are_those_of_the_step_up_rule(p_values, level):
    order = sorted(p_values)
    last = max((rank for rank, p in enumerate(order, 1) if p <= level * rank / len(order)), default=0)
    limit = order[last - 1] if last else -1.0
    assert discoveries(p_values, level) == [p <= limit for p in p_values]
