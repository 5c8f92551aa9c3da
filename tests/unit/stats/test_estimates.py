"""Quality before the outcomes: the numbers of a peer where its answer is known, and intervals that hold."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.isotonic import IsotonicRegression
from sklearn.metrics import (
    accuracy_score,
    brier_score_loss,
    f1_score,
    log_loss,
    precision_score,
    recall_score,
    roc_auc_score,
)

from meguru.errors import InvalidInput
from meguru.stats.estimates import CONFIDENCE_METRICS, Calibration, ScoreOutcomes, confidence_estimate

LOANS = json.loads((Path(__file__).parent / "car_loans.json").read_text())


def loans(counts):
    scores, rows, positives = (np.array(each, dtype=np.float64) for each in counts)
    return ScoreOutcomes(scores / 100, rows, positives)


def rows_of(known):
    """Return a score and an outcome a row."""
    scores = np.repeat(known.scores, known.rows.astype(int))
    labels = np.concatenate(
        [np.arange(n) < k for n, k in zip(known.rows.astype(int), known.positives, strict=True)]
    )
    return scores, labels


def realised(metric, scores, labels, threshold=0.5):
    decided = scores > threshold
    return {
        "auc": lambda: roc_auc_score(labels, scores),
        "accuracy": lambda: accuracy_score(labels, decided),
        "f1": lambda: f1_score(labels, decided),
        "precision": lambda: precision_score(labels, decided),
        "recall": lambda: recall_score(labels, decided),
        "brier": lambda: brier_score_loss(labels, scores),
        "log_loss": lambda: log_loss(labels, np.clip(scores, 2.3e-16, 1 - 2.3e-16)),
    }[metric]()


@pytest.mark.parametrize("metric", ["auc", "f1", "accuracy", "precision", "recall"])
def test_car_loans_are_estimated_as_by_nannyml(metric):
    calibration = Calibration.of(loans(LOANS["reference"]))
    for counts, wanted in zip(LOANS["chunks"], LOANS["nannyml"][metric], strict=True):
        chunk = loans(counts)
        found = confidence_estimate(metric, chunk.scores, chunk.rows, calibration, threshold=0.645)
        assert found.estimate == pytest.approx(wanted, abs=1e-4)


def test_the_estimated_auc_of_car_loans_holds_the_realised_one_and_falls_with_it():
    calibration = Calibration.of(loans(LOANS["reference"]))
    found, real = [], []
    for counts in LOANS["chunks"]:
        chunk = loans(counts)
        found.append(confidence_estimate("auc", chunk.scores, chunk.rows, calibration))
        real.append(realised("auc", *rows_of(chunk)))
    assert all(each.low <= was <= each.high for each, was in zip(found, real, strict=True))
    assert max(each.estimate for each in found[5:]) < min(each.estimate for each in found[:5]) - 0.005
    assert max(real[5:]) < min(real[:5])


def test_intervals_hold_what_is_realised_as_often_as_they_say():
    draw, held, times = np.random.default_rng(7), dict.fromkeys(CONFIDENCE_METRICS, 0), 60
    for _ in range(times):
        chances = draw.beta(1, 2, 1500)
        calibration = Calibration.of(ScoreOutcomes.of(draw.random(1500) < chances, chances))
        scores = np.sort(draw.beta(1.5, 2, 800))
        labels = draw.random(800) < scores
        for metric in held:
            found = confidence_estimate(metric, scores, np.ones(800), calibration)
            held[metric] += found.low <= realised(metric, scores, labels) <= found.high
    assert all(count / times >= 0.88 for count in held.values()), held
    assert sum(held.values()) / times / len(held) < 0.99


@given(st.integers(1, 400), st.integers(2, 40), st.integers(0, 2**31))
def test_the_calibration_is_that_of_isotonic_regression(n, levels, seed):
    draw = np.random.default_rng(seed)
    scores = draw.integers(0, levels, n) / levels
    labels = draw.random(n) < scores
    known = ScoreOutcomes.of(labels, scores)
    assert known.total == n
    assert known.positives.sum() == labels.sum()
    if not known.both_classes:
        with pytest.raises(InvalidInput):
            Calibration.of(known)
        return
    chances, _ = Calibration.of(known).at(scores)
    wanted = IsotonicRegression(out_of_bounds="clip").fit(scores, labels).predict(scores)
    assert chances == pytest.approx(wanted, abs=1e-9)


def test_outcomes_by_score_travel_and_broken_ones_are_refused():
    draw = np.random.default_rng(1)
    known = ScoreOutcomes.of(draw.random(5000) < 0.3, draw.random(5000))
    again = ScoreOutcomes.from_dict(json.loads(json.dumps(known.to_dict())))
    assert len(known.scores) == 1000
    assert again.scores == pytest.approx(known.scores, rel=1e-6)
    assert (again.rows == known.rows).all()
    for broken in (
        {},
        {"scores": [1], "rows": [1]},
        known.to_dict() | {"positives": known.to_dict()["rows"][1:]},
    ):
        with pytest.raises(InvalidInput):
            ScoreOutcomes.from_dict(broken)
    with pytest.raises(InvalidInput):
        ScoreOutcomes.from_dict({"scores": [0.1, 0.2], "rows": [1, 1], "positives": [2, 0]})
    with pytest.raises(InvalidInput):
        ScoreOutcomes.from_dict({"scores": [0.1, 0.2], "rows": [0, 1], "positives": [0, 1]})


def test_what_can_not_be_estimated_is_not_a_number_or_refused():
    draw = np.random.default_rng(1)
    calibration = Calibration.of(ScoreOutcomes.of(draw.random(500) < 0.3, draw.random(500)))
    assert math.isnan(confidence_estimate("auc", np.array([0.5]), np.zeros(1), calibration).estimate)
    assert math.isnan(confidence_estimate("precision", np.array([0.2]), np.ones(1), calibration).estimate)
    assert math.isnan(confidence_estimate("brier", np.array([-3.0, 2.0]), np.ones(2), calibration).low)
    with pytest.raises(InvalidInput, match="mcc"):
        confidence_estimate("mcc", np.array([0.5]), np.ones(1), calibration)
