import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2, ks_2samp, kstwobign

from meguru.errors import InvalidInput
from meguru.stats import NumericProfile, ks_distance, ks_distance_of_values, ks_test, psi, psi_test
from meguru.stats.drift import TESTS, CategoryCounts, energy_test, two_sides
from meguru.stats.drift.counts import merge_neighbours, merge_rare
from meguru.stats.drift.mmd import mmd_test
from meguru.stats.drift.shares import share_test

counts = st.lists(st.integers(0, 500), min_size=2, max_size=20).filter(any)


@given(counts)
def test_equal_shares_have_no_psi_and_no_distance(reference):
    assert psi(reference, reference) == 0
    assert ks_distance(reference, reference) == 0
    assert not psi_test(reference, reference).drifted
    assert not ks_test(reference, reference).drifted


@given(st.lists(st.tuples(st.integers(0, 500), st.integers(0, 500)), min_size=2, max_size=20))
def test_psi_is_symmetric_and_never_negative(pairs):
    reference, current = map(list, zip(*pairs, strict=True))
    if any(reference) and any(current):
        assert psi(reference, current) == pytest.approx(psi(current, reference), abs=1e-12)
        assert psi(reference, current) >= 0


def test_psi_equals_its_formula_with_half_a_row_added():
    p, q = np.array([400.5, 300.5, 200.5, 0.5]) / 902, np.array([300.5, 300.5, 200.5, 200.5]) / 1002
    expected = ((q - p) * np.log(q / p)).sum()
    assert psi([400, 300, 200, 0], [300, 300, 200, 200]) == pytest.approx(expected, abs=1e-12)


def test_psi_threshold_follows_rows_and_bins():
    large = [5000] * 10
    tiny = psi_test([500] * 10, [10] * 10, comparisons=18)
    assert tiny.threshold == pytest.approx((1 / 5000 + 1 / 100) * chi2.isf(0.01 / 18, 9), abs=1e-9)
    assert psi_test(large, large).threshold == pytest.approx(0.1 + 2 / 50000 * 9, abs=1e-12)
    assert psi_test([500] * 20, [10] * 20).threshold > psi_test([1000] * 10, [20] * 10).threshold


def test_psi_of_a_known_normal_shift_agrees_with_the_integral():
    draw = np.random.default_rng(0)
    profile = NumericProfile.of(draw.normal(size=50_000))
    moved = profile.tally(draw.normal(0.25, 1, 50_000))
    assert psi(profile.shares, moved.deciles) == pytest.approx(0.0598, abs=0.006)
    assert ks_distance(profile.counts, moved.bins) == pytest.approx(0.0995, abs=0.006)


@given(
    st.lists(st.floats(-5, 5), min_size=1, max_size=80), st.lists(st.floats(-5, 5), min_size=1, max_size=80)
)
def test_ks_distance_of_values_equals_scipy(first, second):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of its p-value, on which nothing here depends
        expected = ks_2samp(first, second, method="asymp").statistic
    assert ks_distance_of_values(first, second) == pytest.approx(expected, abs=1e-12)


@given(
    st.lists(st.floats(-5, 5).map(lambda x: round(x, 1)), min_size=1, max_size=80),
    st.lists(st.floats(-6, 6).map(lambda x: round(x, 1)), min_size=1, max_size=80),
)
def test_the_binned_distance_never_exceeds_the_exact_one(first, second):
    profile = NumericProfile.of(np.array(first))
    binned = ks_distance(profile.counts, profile.tally(np.array(second)).bins)
    assert binned <= ks_distance_of_values(first, second) + 1e-12


def test_the_binned_distance_is_close_to_the_exact_one():
    draw = np.random.default_rng(1)
    first, second = draw.normal(size=20_000), draw.normal(0.1, 1.2, size=9_000)
    profile = NumericProfile.of(first)
    binned = ks_distance(profile.counts, profile.tally(second).bins)
    assert binned == pytest.approx(ks_distance_of_values(first, second), abs=0.002)


def test_ks_p_value_is_kolmogorovs():
    result = ks_test([40, 30, 30], [30, 30, 40])
    expected = kstwobign.sf(0.1 / np.sqrt(2 / 100))
    assert (result.statistic, result.p_value) == pytest.approx((0.1, expected), abs=1e-9)


@pytest.mark.parametrize(("rows", "bins"), [(200, 10), (2000, 10), (2000, 40)])
def test_unchanged_columns_raise_no_more_psi_alarms_than_promised(rows, bins):
    draw, alarms, looks = np.random.default_rng(2), 0, 600
    shares = np.linspace(1, 3, bins) / np.linspace(1, 3, bins).sum()
    for _ in range(looks):
        result = psi_test(
            draw.multinomial(20_000, shares), draw.multinomial(rows, shares), alpha=0.05, floor=0
        )
        alarms += result.p_value < 0.05
    assert 0.02 <= alarms / looks <= 0.08


def test_unchanged_columns_raise_no_more_ks_alarms_than_promised():
    draw, low, alarms = np.random.default_rng(3), 0, 0
    for _ in range(300):
        profile = NumericProfile.of(draw.normal(size=1000))
        result = ks_test(profile.counts, profile.tally(draw.normal(size=1000)).bins, alpha=0.05, floor=0)
        low += result.p_value < 0.05
        alarms += ks_test(profile.counts, profile.tally(draw.normal(size=1000)).bins, alpha=0.05).drifted
    assert 0.02 <= low / 300 <= 0.08
    assert alarms == 0


def test_a_trifle_on_very_many_rows_is_no_alarm_though_its_p_value_is_small():
    draw = np.random.default_rng(4)
    profile = NumericProfile.of(draw.normal(size=500_000))
    wobble = profile.tally(draw.normal(0.02, 1, size=500_000))
    for result in (ks_test(profile.counts, wobble.bins), psi_test(profile.shares, wobble.deciles)):
        assert result.p_value < 1e-6
        assert not result.drifted


def test_a_real_shift_is_found_in_a_small_window():
    draw = np.random.default_rng(5)
    profile = NumericProfile.of(draw.normal(size=50_000))
    moved = profile.tally(draw.normal(0.8, 1, size=300))
    assert ks_test(profile.counts, moved.bins, comparisons=18).drifted
    assert psi_test(profile.shares, moved.deciles, comparisons=18).drifted


@given(st.lists(st.tuples(st.integers(0, 100), st.integers(0, 100)), min_size=1, max_size=30))
def test_merging_rare_bins_keeps_every_row(pairs):
    reference, current = (np.array(each, float) for each in zip(*pairs, strict=True))
    if reference.sum() and current.sum():
        before, after = merge_rare(reference, current)
        assert (before.sum(), after.sum()) == (reference.sum(), current.sum())
        assert before.size <= reference.size


@given(st.lists(st.tuples(st.integers(0, 100), st.integers(0, 100)), min_size=1, max_size=30))
def test_merging_neighbours_keeps_every_row_and_the_order(pairs):
    reference, current = (np.array(each, float) for each in zip(*pairs, strict=True))
    if reference.sum() and current.sum():
        before, after = merge_neighbours(reference, current)
        assert (before.sum(), after.sum()) == (reference.sum(), current.sum())
        assert np.isin(np.cumsum(before), np.cumsum(reference)).all()
        smaller = min(reference.sum(), current.sum()) / (reference.sum() + current.sum())
        fewer = before if before.sum() < after.sum() else after
        stands = fewer >= max(40, 0.05 * fewer.sum())
        assert before.size == 1 or (stands | (smaller * (before + after) >= 10 - 1e-9)).all()


@pytest.mark.parametrize("name", ["chi_square", "psi", "jensen_shannon"])
def test_what_is_new_and_large_is_seen_however_large_the_baseline_is(name):
    test = TESTS.load(name)()
    for before, after in (([10**6, 0], [0, 300]), ([10**6, 0], [240, 60]), ([10**6, 9, 0], [0, 0, 300])):
        for sides in ((before, after), (after, before)):
            then, now = (np.array(each, float) for each in sides)
            assert test.compare(CategoryCounts(reference=then, current=now)).drifted, sides
    trifle = CategoryCounts(reference=np.array([1e6, 0.0]), current=np.array([9981.0, 19.0]))
    assert not test.compare(trifle).drifted


@pytest.mark.parametrize("name", ["psi", "jensen_shannon"])
def test_a_constant_that_became_another_is_seen_however_large_the_baseline_is(name):
    profile = NumericProfile.of(np.full(1_000_000, 3.0))
    for value in (2.0, 4.0):
        sides = two_sides(profile, profile.own(), profile.tally(np.full(300, value)))
        assert TESTS.load(name)().compare(sides).drifted


def test_other_bins_are_refused():
    with pytest.raises(InvalidInput) as caught:
        psi([1, 2], [1, 2, 3])
    assert caught.value.field == "current"
    with pytest.raises(InvalidInput):
        ks_distance([0, 0], [1, 2])


@pytest.mark.parametrize("test", [energy_test, mmd_test])
def test_vectors_whose_distances_are_no_numbers_are_refused_and_not_alike(test):
    draw = np.random.default_rng(0)
    before, after = draw.normal(size=(40, 2)), draw.normal(size=(40, 2))
    after[0, 0] = 1e200
    with pytest.raises(InvalidInput, match="too large"):
        test(before, after)


@given(st.integers(0, 8), st.integers(0, 8), st.sampled_from([20, 400, 5000]), st.sampled_from([0.05, 0.001]))
def test_a_share_has_changed_where_its_p_value_says_so_and_nowhere_else(had, has, rows, level):
    found = share_test(had, rows, has, rows, level=level, floor=0.0)
    assert found.drifted == (found.p_value < level and found.effect > 0)


def test_energy_is_drift_where_its_effect_is_above_the_floor():
    draw = np.random.default_rng(2)
    before, after = draw.normal(size=(60, 3)), draw.normal(0.5, 1, size=(60, 3))
    for floor in np.linspace(0, 0.2, 21):
        found = energy_test(before, after, floor=floor)
        assert found.drifted == (found.p_value < 0.01 and found.effect > floor)
