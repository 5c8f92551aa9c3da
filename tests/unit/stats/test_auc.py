import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from meguru.errors import InvalidInput
from meguru.stats.auc import auc

rows = st.lists(st.tuples(st.booleans(), st.integers(-5, 5), st.integers(0, 4)), min_size=2, max_size=60)


@given(rows)
def test_auc_equals_the_share_of_ordered_pairs_by_definition(table):
    labels, scores, _ = map(np.array, zip(*table, strict=True))
    positives, negatives = scores[labels], scores[~labels]
    if not positives.size or not negatives.size:
        assert math.isnan(auc(labels, scores))
        return
    wins = (positives[:, None] > negatives).sum() + (positives[:, None] == negatives).sum() / 2
    assert auc(labels, scores) == pytest.approx(wins / (positives.size * negatives.size), abs=1e-12)


@given(rows)
def test_a_weight_counts_as_that_many_equal_rows(table):
    labels, scores, weights = map(np.array, zip(*table, strict=True))
    repeated = auc(np.repeat(labels, weights), np.repeat(scores, weights))
    assert auc(labels, scores, weights) == pytest.approx(repeated, abs=1e-12, nan_ok=True)


@given(rows)
def test_turning_the_scores_round_mirrors_the_auc(table):
    labels, scores, _ = map(np.array, zip(*table, strict=True))
    assert auc(labels, -scores) == pytest.approx(1 - auc(labels, scores), abs=1e-12, nan_ok=True)


@pytest.mark.parametrize("digits", [1, 12])
def test_weighted_auc_equals_scikit_learn_with_and_without_ties(digits):
    draw = np.random.default_rng(1)
    labels, weights = draw.random(3000) < 0.2, draw.random(3000)
    scores = np.round(draw.normal(size=3000) + labels, digits)
    assert auc(labels, scores) == pytest.approx(roc_auc_score(labels, scores), abs=1e-9)
    expected = roc_auc_score(labels, scores, sample_weight=weights)
    assert auc(labels, scores, weights) == pytest.approx(expected, abs=1e-9)


def test_auc_of_nothing_is_not_a_number():
    assert math.isnan(auc([], []))


@pytest.mark.parametrize(
    ("labels", "scores", "field"),
    [
        ([0, 2], [0.1, 0.2], "labels"),
        ([0, 1], [0.1, math.nan], "scores"),
        ([0, 1], [0.1], "labels and scores"),
        ([0, 1], ["a", "b"], "scores"),
    ],
)
def test_bad_input_names_the_field(labels, scores, field):
    with pytest.raises(InvalidInput) as caught:
        auc(labels, scores)
    assert caught.value.field == field
