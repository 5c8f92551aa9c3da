"""Metrics of numbers say what scikit-learn says, to 1e-12."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn import metrics as sk

from meguru.errors import InvalidInput
from meguru.metrics import ScoredRows, metric_of
from meguru.testing.scored_rows import intervals, numbers

SKLEARN = {
    "rmse": sk.root_mean_squared_error,
    "mae": sk.mean_absolute_error,
    "mape": sk.mean_absolute_percentage_error,
    "r2": sk.r2_score,
}


@pytest.mark.parametrize("targets", [0, 3])
@pytest.mark.parametrize("name", SKLEARN)
def test_they_agree(name, targets):
    for seed in range(3):
        rows = numbers(400, seed, targets=targets)
        weight = np.random.default_rng(seed).random(400) * 3
        for each in (None, weight):
            ours = metric_of(name).value(ScoredRows(truth=rows.truth, answer=rows.answer, weight=each))
            theirs = SKLEARN[name](rows.truth, rows.answer["score"], sample_weight=each)
            assert ours == pytest.approx(theirs, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("name", ["rmse", "mae"])
def test_exact_answers_have_no_error(name):
    rows = ScoredRows(truth=np.arange(9.0), answer={"score": np.arange(9.0)})
    found = metric_of(name).interval(rows)
    assert (found.low, found.estimate, found.high) == (0, 0, 0)


def test_a_target_too_many_is_refused():
    with pytest.raises(InvalidInput, match="one shape"):
        metric_of("mae").value(ScoredRows(truth=np.ones(4), answer={"score": np.ones((4, 2))}))


@pytest.mark.parametrize("level", [0.05, 0.5, 0.95])
def test_pinball(level):
    rows = intervals(400)
    quantile = rows.answer["quantiles"][:, rows.levels.index(level)]
    known = sk.mean_pinball_loss(rows.truth, quantile, alpha=level)
    assert metric_of(f"pinball@{level}").value(rows) == pytest.approx(known, abs=1e-12)
    score = ScoredRows(truth=rows.truth, answer={"score": quantile})
    assert metric_of(f"pinball@{level}").value(score) == pytest.approx(known, abs=1e-12)


def test_pinball_over_levels_is_their_mean_and_a_level_that_is_not_answered_is_told():
    rows = intervals(400)
    each = [metric_of(f"pinball@{level}").value(rows) for level in rows.levels]
    assert metric_of("pinball").value(rows) == pytest.approx(np.mean(each), abs=1e-12)
    assert "0.05, 0.5, 0.95" in metric_of("pinball@0.7").missing(rows)


@pytest.mark.parametrize("truth", [np.full(6, 3.0), np.arange(6.0)])
@pytest.mark.parametrize("score", [np.full(6, 3.0), np.full(6, 2.0), np.arange(6.0)])
def test_r2_of_constants_is_as_in_scikit_learn(truth, score):
    ours = metric_of("r2").value(ScoredRows(truth=truth, answer={"score": score}))
    assert ours == pytest.approx(sk.r2_score(truth, score), abs=1e-12)


def test_coverage_width_and_interval_score_by_their_definition():
    rows = intervals(400)
    low, high, truth = rows.answer["low"], rows.answer["high"], rows.truth
    assert metric_of("coverage").value(rows) == np.mean((low <= truth) & (truth <= high))
    assert metric_of("width").value(rows) == pytest.approx(np.mean(high - low), abs=1e-12)
    misses = np.maximum(low - truth, 0) + np.maximum(truth - high, 0)
    known = np.mean(high - low + 20 * misses)
    assert metric_of("interval_score").value(rows) == pytest.approx(known, abs=1e-9)
    only = ScoredRows(truth=truth, answer={"quantiles": rows.answer["quantiles"]}, levels=rows.levels)
    assert metric_of("coverage").value(only) == metric_of("coverage").value(rows)


def test_smape_counts_nothing_where_truth_and_answer_are_zero():
    rows = ScoredRows(truth=np.array([0.0, 1.0]), answer={"score": np.array([0.0, 3.0])})
    assert metric_of("smape").value(rows) == 0.5


def test_mase_scales_by_series_and_needs_a_scale():
    rows = ScoredRows(truth=np.array([1.0, 9.0]), answer={"score": np.array([2.0, 5.0])})
    assert "scale" in metric_of("mase").missing(rows)
    scaled = replace(rows, scale=np.array([1.0, 4.0]))
    assert metric_of("mase").value(scaled) == 1
    with pytest.raises(InvalidInput, match="above 0"):
        metric_of("mase").value(replace(rows, scale=np.array([0.0, 4.0])))
