import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import rankdata

from meguru.stats import auc_covariance, delong_auc, delong_difference
from meguru.stats.auc import auc
from meguru.stats.delong import midranks


def by_definition(labels, *scores):
    """DeLong's covariance from all pairs, as the paper writes it."""
    v10, v01 = [], []
    for each in scores:
        positives, negatives = each[labels], each[~labels]
        psi = (positives[:, None] > negatives) + 0.5 * (positives[:, None] == negatives)
        v10.append(psi.mean(axis=1))
        v01.append(psi.mean(axis=0))
    m, n = len(v10[0]), len(v01[0])
    return np.atleast_2d(np.cov(v10)) / m + np.atleast_2d(np.cov(v01)) / n


def sample(seed, n=400, digits=1):
    draw = np.random.default_rng(seed)
    labels = draw.random(n) < 0.3
    first = np.round(draw.normal(size=n) + labels, digits)
    return labels, first, np.round(first + draw.normal(size=n), digits)


@given(st.lists(st.floats(-3, 3).map(lambda x: round(x, 1)), max_size=50))
def test_midranks_equal_scipy_average_ranks(values):
    assert midranks(np.array(values)) == pytest.approx(rankdata(values), abs=1e-12)


@pytest.mark.parametrize("digits", [1, 12])
def test_the_covariance_equals_the_definition_over_all_pairs(digits):
    labels, first, second = sample(3, digits=digits)
    areas, covariance = auc_covariance(labels, first, second)
    assert areas == pytest.approx([auc(labels, first), auc(labels, second)], abs=1e-12)
    assert covariance == pytest.approx(by_definition(labels, first, second), abs=1e-12)


def test_the_interval_is_the_normal_one_around_the_auc():
    labels, first, _ = sample(4)
    interval = delong_auc(labels, first)
    half = 1.959963984540054 * math.sqrt(by_definition(labels, first)[0, 0])
    assert (interval.low, interval.high) == pytest.approx(
        (interval.estimate - half, interval.estimate + half), abs=1e-9
    )


def test_a_difference_of_equal_scores_is_exactly_zero():
    labels, first, _ = sample(5)
    interval = delong_difference(labels, first, first)
    assert (interval.estimate, interval.low, interval.high) == (0, 0, 0)


def test_the_interval_covers_the_true_auc_as_often_as_promised():
    truth = 0.7602499389065233  # Phi(1 / sqrt 2)
    draw, inside = np.random.default_rng(6), 0
    for _ in range(400):
        labels = draw.random(300) < 0.3
        interval = delong_auc(labels, draw.normal(size=300) + labels)
        inside += interval.low <= truth <= interval.high
    assert 0.92 <= inside / 400 <= 0.98


@pytest.mark.parametrize("labels", [[], [1, 1, 1], [0, 0, 1]])
def test_too_few_rows_of_a_class_give_no_interval(labels):
    interval = delong_auc(labels, [0.5] * len(labels))
    assert math.isnan(interval.low)
    assert math.isnan(interval.high)
