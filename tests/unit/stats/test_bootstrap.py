import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from meguru.errors import InvalidInput
from meguru.stats import bootstrap_auc, bootstrap_difference, delong_difference
from meguru.stats.auc import auc
from meguru.stats.bootstrap import resampled_aucs


def sample(seed, n=500, digits=1):
    draw = np.random.default_rng(seed)
    labels = draw.random(n) < 0.3
    first = np.round(draw.normal(size=n) + labels, digits)
    return labels, first, np.round(first + draw.normal(size=n), digits)


@pytest.mark.parametrize("digits", [1, 12])
def test_each_draw_equals_scikit_learn_on_the_drawn_rows(digits):
    labels, first, second = sample(1, digits=digits)
    draws = resampled_aucs(labels, (first, second), 100, seed=7)
    generator = np.random.default_rng(7)
    rows = np.concatenate((np.flatnonzero(labels), np.flatnonzero(~labels)))
    for index in range(100):
        chosen = rows[generator.integers(0, labels.size, size=labels.size)]
        assert draws[0, index] == pytest.approx(roc_auc_score(labels[chosen], first[chosen]), abs=1e-9)
        assert draws[1, index] == pytest.approx(roc_auc_score(labels[chosen], second[chosen]), abs=1e-9)


def test_the_same_seed_gives_the_same_interval_and_another_seed_another():
    labels, first, second = sample(2)
    once = bootstrap_difference(labels, first, second, seed=1)
    assert once == bootstrap_difference(labels, first, second, seed=1)
    assert once != bootstrap_difference(labels, first, second, seed=2)


def test_bootstrap_and_delong_agree_on_many_rows():
    labels, first, second = sample(3, n=4000)
    ours = bootstrap_difference(labels, first, second)
    theirs = delong_difference(labels, first, second)
    assert ours.estimate == pytest.approx(theirs.estimate, abs=1e-9)
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=0.003)


@settings(max_examples=20)
@given(st.integers(0, 1000), st.integers(10, 80))
def test_a_percentile_interval_lies_within_the_draws_and_the_limits(seed, n):
    labels, first, _ = sample(seed, n)
    interval = bootstrap_auc(labels, first, resamples=100)
    assert interval.estimate == pytest.approx(auc(labels, first), nan_ok=True)
    if not math.isnan(interval.low):
        assert 0 <= interval.low <= interval.high <= 1


def test_one_class_gives_no_interval():
    interval = bootstrap_auc([1, 1, 1], [0.1, 0.2, 0.3])
    assert math.isnan(interval.estimate)
    assert math.isnan(interval.low)


def test_too_few_resamples_are_refused():
    with pytest.raises(InvalidInput) as caught:
        bootstrap_auc([0, 1], [0.1, 0.2], resamples=10)
    assert caught.value.field == "resamples"
