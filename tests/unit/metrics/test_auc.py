"""The AUC's numbers stay those of DeLong and of the bootstrap; with weights and blocks they follow DeLong."""

from dataclasses import replace

import numpy as np
import pytest

from meguru.metrics import metric_of
from meguru.stats import bootstrap_auc, bootstrap_difference, delong_auc, delong_difference
from meguru.testing.scored_rows import two_classes

AUC = metric_of("auc")


def test_many_rows_take_delong_and_few_the_bootstrap_to_the_digit():
    for n, one, two in (
        (3000, delong_auc, delong_difference),
        (300, bootstrap_auc, bootstrap_difference),
    ):
        rows, other = two_classes(n), two_classes(n, skill=1.5)
        score, second = rows.answer["score"], other.answer["score"]
        assert AUC.interval(rows) == one(rows.truth, score)
        assert AUC.difference(rows, other) == two(rows.truth, score, second)


@pytest.mark.parametrize("digits", [1, 9])
def test_equal_weights_give_delongs_interval(digits):
    rows = two_classes(2000)
    rows = replace(rows, answer={"score": rows.answer["score"].round(digits)})
    known, found = AUC.interval(rows), AUC.interval(replace(rows, weight=np.full(2000, 3.0)))
    assert found.low == pytest.approx(known.low, abs=1e-4)
    assert found.high == pytest.approx(known.high, abs=1e-4)


def test_seed_and_method_are_told_apart():
    rows = two_classes(300)
    assert AUC.interval(rows, method="analytic").method == "delong"
    assert AUC.interval(rows, method="bootstrap").method == "bootstrap"
    assert AUC.interval(rows, seed=1) != AUC.interval(rows, seed=2)
