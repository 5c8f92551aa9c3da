"""The analytic interval of many rows is that of the bootstrap."""

from dataclasses import replace

import pytest

from meguru.metrics import metric_of
from meguru.testing.scored_rows import two_classes

RECALL = metric_of("recall_at_precision@0.6")


def test_many_rows_have_an_analytic_interval_as_wide_as_the_bootstrap():
    rows, other = two_classes(25_000, skill=1.5), two_classes(25_000, skill=1.8)
    for found, known in (
        (RECALL.interval(rows), RECALL.interval(rows, method="bootstrap")),
        (RECALL.difference(other, rows), RECALL.difference(other, rows, method="bootstrap")),
    ):
        assert found.method == "influence"
        assert found.estimate == pytest.approx(known.estimate, abs=1e-12)
        assert found.high - found.low == pytest.approx(known.high - known.low, rel=0.2)


def test_the_value_of_the_analytic_way_is_the_value_with_weights_too():
    rows = two_classes(21_000, skill=1.5)
    weighed = replace(rows, weight=rows.answer["score"] + 0.5)
    for each in (rows, weighed):
        assert RECALL.interval(each).estimate == pytest.approx(RECALL.value(each), abs=1e-12)


def test_a_precision_that_is_never_reached_is_drawn_and_is_zero():
    rows = replace(two_classes(21_000), answer={"score": two_classes(21_000, 7).answer["score"].round(1)})
    found = metric_of("recall_at_precision@0.99").interval(rows.take(rows.truth < 2))
    assert found.method == "bootstrap"
    assert found.estimate == 0
