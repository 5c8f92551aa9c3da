"""Every joint drift test: false alarms at its level, power, ties, constants, the same answer twice."""

import math

import numpy as np
import pytest

from meguru.errors import InvalidInput
from meguru.stats.drift import JOINT_TESTS
from meguru.stats.drift.mmd import mmd
from meguru.stats.drift.text import embed_texts


@pytest.fixture(params=JOINT_TESTS.names())
def test(request):
    return JOINT_TESTS.load(request.param)


def rung(test, looks, n=120, m=90, make=np.random.Generator.normal):
    draw = np.random.default_rng(4)
    sides = ([make(draw, size=(rows, 3)) for rows in (n, m)] for _ in range(looks))
    return sum(test(*each).p_value < 0.05 for each in sides) / looks


def test_it_rings_falsely_hardly_more_often_than_its_level_says(test):
    assert rung(test, 3) <= 1 / 3


@pytest.mark.soak
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("shape", ["normal", "tied"])
def test_false_alarms_are_between_three_and_seven_percent(test, shape):
    tied = lambda draw, size: draw.integers(0, 3, size) * 1.0
    share = rung(test, 1500, 300, 200, np.random.Generator.normal if shape == "normal" else tied)
    assert 0.03 <= share <= 0.07


def test_a_shift_is_found_also_one_that_no_column_shows_alone(test):
    draw = np.random.default_rng(1)
    x, y, z = draw.normal(size=(3, 1000))
    alone = np.stack([x, y], axis=1)
    together = np.stack([z, z + 0.1 * draw.normal(size=1000)], axis=1)
    for first, second in ((alone, alone[::-1] + 0.6), (alone, together)):
        found = test(first, second)
        assert found.drifted
        assert found.p_value < 1e-6
        assert found.effect > 0


def test_equal_sides_constants_and_ties_are_no_drift(test):
    rows = np.random.default_rng(2).integers(0, 2, (60, 3)) * 1.0
    for first, second in (
        (rows, rows),
        (np.ones((40, 2)), np.ones((30, 2))),
        (rows * 1e150, rows[::-1] * 1e150),
    ):
        found = test(first, second)
        assert not found.drifted
        assert math.isfinite(found.statistic)
        assert 0 <= found.p_value <= 1


def test_a_classifier_takes_missing_values_and_features_without_any():
    draw, test = np.random.default_rng(6), JOINT_TESTS.load("domain_classifier")
    before, after = draw.normal(size=(2, 200, 3))
    before[:, 0] = after[:, 0] = np.nan
    before[::2, 1] = after[::2, 1] = np.nan
    assert not test(before, after).drifted
    after[:, 1] = np.nan
    assert test(before, after, names="abc").telling[0][0] == "b"


def test_the_same_sides_give_the_same_answer(test):
    first, second = np.random.default_rng(3).normal(size=(2, 700, 4))
    assert test(first, second) == test(first, second)


def test_wrong_input_is_refused(test):
    rows = np.zeros((10, 2))
    for first, second in (
        (rows, rows[:, :1]),
        (rows, rows[:0]),
        (rows, np.full((10, 2), np.inf)),
        (rows[0], rows),
    ):
        with pytest.raises(InvalidInput):
            test(first, second)


def test_the_unbiased_discrepancy_is_that_of_its_formula():
    draw = np.random.default_rng(5)
    x, y = draw.normal(size=(9, 2)), draw.normal(0.5, 1, size=(7, 2))

    def mean(a, b, *, same):
        k = np.exp(-((a[:, None] - b[None]) ** 2).sum(axis=2) / (2 * 0.8**2))
        return (k.sum() - len(a)) / (len(a) * (len(a) - 1)) if same else k.mean()

    expected = mean(x, x, same=True) + mean(y, y, same=True) - 2 * mean(x, y, same=False)
    assert mmd(x, y, bandwidth=0.8) == pytest.approx(expected, abs=1e-12)


def test_texts_have_vectors_of_length_one_wherever_they_are_made():
    found = embed_texts(["A late flight", "a LATE flight", "", "遅延した便です", "x"])
    assert np.linalg.norm(found, axis=1) == pytest.approx([1, 1, 0, 1, 1])
    assert (found[0] == found[1]).all()
