"""Metrics of classes say what scikit-learn says, to 1e-12."""

import math
from dataclasses import replace

import numpy as np
import pytest
from sklearn import metrics as sk

from meguru.errors import InvalidInput
from meguru.metrics import ScoredRows, metric_of
from meguru.testing.scored_rows import many_classes, many_labels, two_classes


def binary(kind, seed):
    """Rows of two classes and their weights, as a test draws them."""
    draw = np.random.default_rng(seed)
    rows = two_classes(500, seed)
    score = rows.answer["score"]
    score = {"plain": score, "ties": score.round(1), "constant": np.full(500, 0.4)}[kind]
    weight = draw.integers(0, 5, 500) * draw.random(500)
    return ScoredRows(truth=rows.truth, answer={"score": score}), weight


def recall_at(truth, score, weight, wanted):
    """The recall of the best threshold that is precise enough, by scikit-learn's curve."""
    precision, recall, _ = sk.precision_recall_curve(truth, score, sample_weight=weight)
    return recall[precision >= wanted].max()


BINARY = {
    "auc": lambda y, p, w: sk.roc_auc_score(y, p, sample_weight=w),
    "log_loss": lambda y, p, w: sk.log_loss(y, p, sample_weight=w),
    "brier": lambda y, p, w: sk.brier_score_loss(y, p, sample_weight=w),
    "accuracy": lambda y, p, w: sk.accuracy_score(y, p > 0.5, sample_weight=w),
    "pr_auc": lambda y, p, w: sk.average_precision_score(y, p, sample_weight=w),
    "balanced_accuracy": lambda y, p, w: sk.balanced_accuracy_score(y, p > 0.5, sample_weight=w),
    "mcc": lambda y, p, w: sk.matthews_corrcoef(y, p > 0.5, sample_weight=w),
    "precision": lambda y, p, w: sk.precision_score(y, p > 0.5, sample_weight=w, zero_division=0),
    "precision@0": lambda y, p, w: sk.precision_score(y, p > 0.5, pos_label=0, sample_weight=w),
    "recall": lambda y, p, w: sk.recall_score(y, p > 0.5, sample_weight=w),
    "f1": lambda y, p, w: sk.f1_score(y, p > 0.5, sample_weight=w),
    "recall_at_precision@0.4": lambda y, p, w: recall_at(y, p, w, 0.4),
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


AVERAGES = ("macro", "micro", "weighted")
SCORES = {"precision": sk.precision_score, "recall": sk.recall_score, "f1": sk.f1_score}


def averaged(kind, average):
    """What scikit-learn says of the likeliest class, averaged."""

    def value(y, p, w, k):
        del k
        return SCORES[kind](y, p.argmax(axis=1), sample_weight=w, average=average, zero_division=0)

    return value


MANY = {
    **{
        f"{kind}_{average}": averaged(kind, average)
        for kind in SCORES
        for average in AVERAGES
        if (kind, average) not in {("precision", "weighted"), ("recall", "weighted")}
    },
    "balanced_accuracy": lambda y, p, w, k: sk.balanced_accuracy_score(y, p.argmax(axis=1), sample_weight=w),
    "mcc": lambda y, p, w, k: sk.matthews_corrcoef(y, p.argmax(axis=1), sample_weight=w),
    "f1@b": lambda y, p, w, k: sk.f1_score(y, p.argmax(axis=1), sample_weight=w, labels=[1], average="macro"),
    "top_k_accuracy@2": lambda y, p, w, k: sk.top_k_accuracy_score(
        y, p.round(1) if k > 2 else p[:, 1], k=2, sample_weight=w, labels=range(k)
    ),
    "auc_macro": lambda y, p, w, k: np.mean(
        [sk.roc_auc_score(y == c, p[:, c], sample_weight=w) for c in range(k)]
    ),
    "log_loss": lambda y, p, w, k: sk.log_loss(y, p, sample_weight=w, labels=range(k)),
    "brier": lambda y, p, w, k: sk.brier_score_loss(y, p, sample_weight=w, labels=range(k)),
    "accuracy": lambda y, p, w, k: sk.accuracy_score(y, p.argmax(axis=1), sample_weight=w),
}


@pytest.mark.parametrize("name", MANY)
@pytest.mark.filterwarnings("ignore:'k' \\(2\\)")
@pytest.mark.parametrize("k", [2, 3, 6])
def test_many_classes(name, k):
    rows = many_classes(400, k, k=k)
    chances = rows.answer["probabilities"]
    for weight in (None, np.random.default_rng(k).integers(0, 4, 400).astype(float)):
        answer = {"probabilities": chances.round(1) if name.startswith("top_k") else chances}
        given = ScoredRows(truth=rows.truth, answer=answer, weight=weight, classes=rows.classes)
        ours = metric_of(name).value(given)
        assert ours == pytest.approx(MANY[name](rows.truth, chances, weight, k), abs=1e-12)


LABELS = {
    "accuracy": sk.accuracy_score,
    **{
        f"{kind}_{average}": (
            lambda y, p, sample_weight, score=SCORES[kind], average=average: score(
                y, p, sample_weight=sample_weight, average=average
            )
        )
        for kind in SCORES
        for average in ("macro", "micro")
    },
}


@pytest.mark.parametrize("name", LABELS)
def test_many_labels(name):
    rows = many_labels(400)
    decided = (rows.answer["probabilities"] > 0.5).astype(int)
    for weight in (None, np.random.default_rng(1).integers(0, 4, 400).astype(float)):
        ours = metric_of(name).value(replace(rows, weight=weight))
        theirs = LABELS[name](rows.truth.astype(int), decided, sample_weight=weight)
        assert ours == pytest.approx(theirs, abs=1e-12)


@pytest.mark.parametrize("answer", [0.2, 0.8])
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_one_class_answered_or_true_is_as_in_scikit_learn(answer):
    mixed, same = np.array([0, 0, 1, 1, 0]), np.zeros(5)
    for truth in (mixed, same, 1 - same):
        rows = ScoredRows(truth=truth, answer={"score": np.full(5, answer)})
        decided = np.full(5, float(answer > 0.5))
        for name in ("mcc", "f1", "precision", "recall", "balanced_accuracy", "f1_macro", "recall_macro"):
            theirs = BINARY[name] if name in BINARY else MACRO[name]
            known = theirs(truth, decided, None)
            assert metric_of(name).value(rows) == pytest.approx(known, abs=1e-12), (name, truth)


MACRO = {
    f"{kind}_macro": (
        lambda y, p, w, score=SCORES[kind]: score(y, p, sample_weight=w, average="macro", zero_division=0)
    )
    for kind in SCORES
}


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
