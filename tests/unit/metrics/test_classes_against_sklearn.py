"""Metrics of classes say what scikit-learn says, to 1e-12."""

import math

import numpy as np
import pytest
from sklearn import metrics as sk

from meguru.errors import InvalidInput
from meguru.metrics import ScoredRows, metric_of
from meguru.testing.scored_rows import many_classes, two_classes


def binary(kind, seed):
    """Rows of two classes and their weights, as a test draws them."""
    draw = np.random.default_rng(seed)
    rows = two_classes(500, seed)
    score = rows.answer["score"]
    score = {"plain": score, "ties": score.round(1), "constant": np.full(500, 0.4)}[kind]
    weight = draw.integers(0, 5, 500) * draw.random(500)
    return ScoredRows(truth=rows.truth, answer={"score": score}), weight


BINARY = {
    "auc": lambda y, p, w: sk.roc_auc_score(y, p, sample_weight=w),
    "log_loss": lambda y, p, w: sk.log_loss(y, p, sample_weight=w),
    "brier": lambda y, p, w: sk.brier_score_loss(y, p, sample_weight=w),
    "accuracy": lambda y, p, w: sk.accuracy_score(y, p > 0.5, sample_weight=w),
}


@pytest.mark.parametrize("kind", ["plain", "ties", "constant"])
@pytest.mark.parametrize("name", BINARY)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.UndefinedMetricWarning")
def test_two_classes(name, kind):
    for seed in range(3):
        rows, weight = binary(kind, seed)
        for each in (None, weight):
            ours = metric_of(name).value(ScoredRows(truth=rows.truth, answer=rows.answer, weight=each))
            assert ours == pytest.approx(BINARY[name](rows.truth, rows.answer["score"], each), abs=1e-12)


MANY = {
    "log_loss": lambda y, p, w, k: sk.log_loss(y, p, sample_weight=w, labels=range(k)),
    "brier": lambda y, p, w, k: sk.brier_score_loss(y, p, sample_weight=w, labels=range(k)),
    "accuracy": lambda y, p, w, k: sk.accuracy_score(y, p.argmax(axis=1), sample_weight=w),
}


@pytest.mark.parametrize("name", MANY)
@pytest.mark.parametrize("k", [2, 3, 6])
def test_many_classes(name, k):
    rows = many_classes(400, k, k=k)
    chances = rows.answer["probabilities"]
    for weight in (None, np.random.default_rng(k).integers(0, 4, 400).astype(float)):
        ours = metric_of(name).value(ScoredRows(truth=rows.truth, answer=rows.answer, weight=weight))
        assert ours == pytest.approx(MANY[name](rows.truth, chances, weight, k), abs=1e-12)


def test_one_class_has_no_auc_but_an_accuracy_and_a_loss():
    rows = ScoredRows(truth=np.zeros(20), answer={"score": np.linspace(0, 1, 20)})
    assert math.isnan(metric_of("auc").value(rows))
    assert math.isnan(metric_of("auc").interval(rows).low)
    assert metric_of("accuracy").value(rows) == 0.5
    assert metric_of("log_loss").value(rows) > 0


@pytest.mark.parametrize("place", ["truth", "score", "weight"])
def test_what_is_not_finite_is_refused_with_its_name_and_number(place):
    arrays = {"truth": np.ones(9), "score": np.full(9, 0.5), "weight": np.ones(9)}
    arrays[place][3:5] = math.nan
    with pytest.raises(InvalidInput, match=f"{place} must be finite") as error:
        ScoredRows(truth=arrays["truth"], answer={"score": arrays["score"]}, weight=arrays["weight"])
    assert "2 values" in error.value.why


def test_a_decision_value_is_no_probability():
    rows = ScoredRows(truth=np.array([0.0, 1.0]), answer={"score": np.array([-1.0, 2.0])})
    assert metric_of("auc").value(rows) == 1
    for name in ("brier", "log_loss"):
        with pytest.raises(InvalidInput, match="between 0 and 1"):
            metric_of(name).value(rows)


def test_a_class_that_the_model_does_not_know_is_a_mistake_of_its():
    rows = many_classes(50)
    truth = rows.truth.copy()
    truth[:5] = -1
    odd = ScoredRows(truth=truth, answer=rows.answer, classes=rows.classes)
    right = (truth[5:] == rows.decided[5:]).sum()
    assert metric_of("accuracy").value(odd) == right / 50
    assert metric_of("log_loss").value(odd) > metric_of("log_loss").value(rows)
