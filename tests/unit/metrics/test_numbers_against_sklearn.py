"""Metrics of numbers say what scikit-learn says, to 1e-12."""

import numpy as np
import pytest
from sklearn import metrics as sk

from meguru.errors import InvalidInput
from meguru.metrics import ScoredRows, metric_of
from meguru.testing.scored_rows import numbers

SKLEARN = {
    "rmse": sk.root_mean_squared_error,
    "mae": sk.mean_absolute_error,
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
