"""Two versions are compared on the same rows, with what the rows can tell."""

from dataclasses import replace

import pytest

from meguru.errors import InvalidInput, NotFound
from meguru.flavors.model import Model
from meguru.registry.client import add_model
from meguru.registry.compare import compare
from meguru.testing.models import make_flights, make_model, make_regression


@pytest.fixture(scope="module")
def good():
    return make_model(holdout=make_flights(600, seed=9))


def test_a_model_that_knows_more_is_better_and_the_interval_leaves_no_doubt(workspace, good):
    add_model(workspace, "delay", good)
    add_model(workspace, "delay", make_model(knows=("hour",), holdout=make_flights(100, seed=3)))
    found = compare(workspace, first="delay@1", second="delay@2")
    assert (found.rows, found.rows_of, found.reason) == (600, "model/delay@1", "")
    auc = next(each for each in found.metrics if each.metric == "auc")
    assert auc.better == "first"
    assert auc.difference.low > 0
    assert auc.first.low < auc.first.value < auc.first.high
    assert auc.difference.value == pytest.approx(auc.first.value - auc.second.value)
    loss = next(each for each in found.metrics if each.metric == "log_loss")
    assert (loss.direction, loss.better) == ("lower", "first")
    other = compare(workspace, first="delay@2", second="delay@1", metrics=["auc"])
    assert [(each.metric, each.better) for each in other.metrics] == [("auc", "second")]
    assert other.rows_of == "model/delay@2"


def test_a_version_beside_itself_differs_in_nothing(workspace, good):
    add_model(workspace, "delay", good)
    (found,) = compare(workspace, first="delay", second="delay@1", metrics=["auc"]).metrics
    assert (found.difference.value, found.better) == (0.0, "undecided")


def test_what_cannot_be_compared_says_why_beside_what_is_known(workspace, good):
    add_model(workspace, "delay", good)
    add_model(workspace, "minutes", make_regression())
    add_model(workspace, "bare", replace(good, holdout=None, label=""))
    add_model(workspace, "wider", make_model(columns=("hour", "wind", "rain")))
    found = compare(workspace, first="delay", second="minutes")
    assert (found.metrics, "different tasks" in found.reason) == ([], True)
    assert "rain" in compare(workspace, first="delay", second="wider").reason
    assert "neither version has a holdout" in compare(workspace, first="bare", second="bare").reason
    assert compare(workspace, first="bare", second="delay").rows_of == "model/delay@1"


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        ({"second": "delay@7"}, NotFound),
        ({"level": 0.1}, InvalidInput),
        ({"metrics": ["acu"]}, NotFound),
        ({"metrics": ["auc"] * 21}, InvalidInput),
    ],
)
def test_a_comparison_that_makes_no_sense_is_refused(workspace, good, given, fault):
    add_model(workspace, "delay", good)
    with pytest.raises(fault):
        compare(workspace, **({"first": "delay", "second": "delay"} | given))


def test_versions_that_know_other_classes_or_give_decision_values_are_compared_by_what_both_tell(workspace):
    import numpy as np
    import polars as pl
    from sklearn.linear_model import LogisticRegression
    from sklearn.svm import LinearSVC

    draw = np.random.default_rng(0)
    kind = draw.choice(["a", "b", "c"], 400)
    frame = pl.DataFrame({"x": (kind == "a") + draw.normal(size=400), "y": (kind == "b") + 0.0, "kind": kind})
    known = frame.filter(pl.col("kind") != "c").vstack(frame.filter(pl.col("kind") == "c")[:5])
    for rows, maker in ((frame, LogisticRegression), (known, LinearSVC), (frame[::-1], LogisticRegression)):
        estimator = maker().fit(rows.select("x", "y").to_numpy(), rows["kind"].to_numpy())
        model = Model(estimator=estimator, example=frame.select("x", "y")[:5], holdout=frame, label="kind")
        add_model(workspace, "kinds", model)
    found = compare(workspace, first="kinds@1", second="kinds@2")
    assert found.rows == 400
    assert [each.metric for each in found.metrics] == ["accuracy", "balanced_accuracy", "f1_macro"]
    assert found.metrics[0].better == "first"
    assert len(compare(workspace, first="kinds@1", second="kinds@3").metrics) == 4
