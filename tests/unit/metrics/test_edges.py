"""Where rounding, constants and rows of one kind would make a metric say more than it knows."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import matthews_corrcoef, precision_recall_curve, r2_score

from meguru.metrics import ScoredRows, metric_of
from meguru.metrics.sums import interval_of_sums


def two(truth, score, **options):
    return ScoredRows(truth=np.asarray(truth, float), answer={"score": np.asarray(score, float)}, **options)


@pytest.mark.parametrize("seed", range(6))
def test_all_right_is_1_whatever_the_weights_add_up_to(seed):
    draw = np.random.default_rng(seed)
    truth = (draw.random(50 + seed) > 0.5).astype(float)
    weight = draw.uniform(0.1, 2, truth.size)
    accuracy, effective = metric_of("accuracy"), weight.sum() ** 2 / (weight @ weight)
    found = accuracy.interval(two(truth, truth, weight=weight))
    assert accuracy.value(two(truth, truth, weight=weight)) == found.estimate == found.high == 1
    assert found.low == pytest.approx(effective / (effective + 1.96**2), abs=0.01)
    none = accuracy.interval(two(truth, 1 - truth, weight=weight))
    assert none.estimate == none.low == 0
    assert none.high == pytest.approx(1 - found.low, abs=1e-9)


@pytest.mark.parametrize(("hits", "rows", "precision"), [(55, 100, 0.55), (14, 50, 0.28), (56, 100, 0.56)])
def test_a_threshold_that_is_exactly_as_precise_as_wanted_is_taken(hits, rows, precision):
    truth = np.repeat([1.0, 0.0], [hits, rows - hits])
    score = np.full(rows, 0.7)
    precisions, recalls, _ = precision_recall_curve(truth, score)
    assert recalls[precisions >= precision].max() == 1
    assert metric_of(f"recall_at_precision@{precision}").value(two(truth, score)) == 1


def test_a_correlation_of_one_class_has_no_interval_and_one_of_a_constant_answer_is_0():
    assert matthews_corrcoef([1, 1, 1], [0, 1, 1]) == 0
    found = metric_of("mcc").interval(two([1, 1, 1], [0, 1, 1]))
    assert found.estimate == 0
    assert np.isnan([found.low, found.high]).all()
    constant = metric_of("mcc").interval(two([0, 1, 1], [1, 1, 1]))
    assert (constant.estimate, constant.low, constant.high) == (0, 0, 0)
    assert metric_of("mcc").value(two([0, 0, 1], [0, 0, 1], weight=np.array([1, 1, 1e-20]))) == 0


@pytest.mark.parametrize("value", [0.1, 0.3, 1e9 + 0.1, -7.7])
def test_a_truth_that_never_changes_has_no_variance_whatever_its_mean_is_rounded_to(value):
    truth = np.full(30, value)
    assert metric_of("r2").value(two(truth, truth + 0.1)) == 0
    assert metric_of("r2").value(two(truth, truth)) == 1
    weight = np.r_[np.random.default_rng(0).uniform(0.1, 2, 30), 0.0]
    assert metric_of("r2").value(two(np.r_[truth, 5.0], np.r_[truth + 0.1, 5], weight=weight)) == 0


def test_sums_that_lost_the_variance_of_the_truth_tell_nothing_of_it():
    draw, metric = np.random.default_rng(0), metric_of("r2")
    for offset, known in ((0.0, True), (1e3, True), (1.7e9, False)):
        truth = offset + draw.normal(size=500)
        rows = two(truth, truth + draw.normal(0, 0.5, 500))
        terms = metric.terms(rows)
        found = interval_of_sums(metric, 500, terms.sum(axis=0), terms.T @ terms)
        whole = r2_score(rows.truth, rows.answer["score"])
        assert found.estimate == pytest.approx(whole, abs=1e-6) if known else np.isnan(found.estimate)


def test_answers_that_are_all_alike_have_a_calibration_error():
    for n in (1, 2, 40):
        found = metric_of("calibration_error").interval(two(np.ones(n), np.full(n, 0.7)))
        assert found.estimate == pytest.approx(0.3)


@pytest.mark.parametrize("n", [10, 1000])
def test_a_perfect_order_of_few_rows_is_not_certain(n):
    truth = np.repeat([0.0, 1.0], n // 2)
    perfect, wrong = (metric_of("auc").interval(two(truth, score)) for score in (truth, -truth))
    assert perfect.high == perfect.estimate == 1
    assert 0.5 < perfect.low < 1
    assert wrong.low == wrong.estimate == 0
    assert wrong.high == pytest.approx(1 - perfect.low)


def test_blocks_that_weigh_nothing_are_no_evidence():
    draw = np.random.default_rng(1)
    truth = draw.normal(size=60)
    rows = two(truth, truth + draw.normal(size=60), block=np.arange(60) // 6, weight=draw.uniform(1, 2, 60))
    some = np.arange(60) < 30
    for name in ("mae", "r2"):
        without = metric_of(name).interval(rows.take(some))
        nothing = metric_of(name).interval(replace(rows, weight=rows.weight * some))
        assert nothing.low == pytest.approx(without.low, abs=1e-9)
        assert nothing.high == pytest.approx(without.high, abs=1e-9)
