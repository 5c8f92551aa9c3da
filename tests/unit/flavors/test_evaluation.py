"""What is measured on a holdout, and kept beside the model."""

from __future__ import annotations

import json
from dataclasses import replace

import msgspec
import numpy as np
import polars as pl
import pytest

from meguru.errors import InvalidInput, NotFound
from meguru.flavors.bundle import load_bundle
from meguru.flavors.bundle_writer import save_bundle
from meguru.flavors.evaluation import Evaluation
from meguru.flavors.model import Model
from meguru.metrics import metric_of
from meguru.stats.auc import auc
from meguru.testing.models import COLUMNS, make_flights, make_model, make_regression


def flights(n=400):
    """A holdout with a weight, a day and an origin beside its features."""
    draw = np.random.default_rng(5)
    return make_flights(n, seed=1).with_columns(
        seats=pl.Series(draw.integers(50, 300, n)),
        day=pl.Series(draw.integers(0, 12, n)),
        origin=pl.Series(draw.choice(["JFK", "EWR", None], n, p=[0.6, 0.3, 0.1])),
    )


@pytest.fixture
def evaluated(tmp_path):
    """Save a model and return its evaluation as it is read again."""

    def save(model=None, **options):
        folder = tmp_path / f"m{len(list(tmp_path.iterdir()))}"
        save_bundle(replace(model or make_model(holdout=flights()), **options), folder)
        return load_bundle(folder).evaluation

    return save


def test_the_numbers_of_two_classes_and_of_a_regression_stay_to_the_digit(tmp_path):
    model = make_model(holdout=flights())
    bundle = save_bundle(model, tmp_path / "binary")
    truth = model.holdout["late"].to_numpy().astype(float)
    assert bundle.metrics["auc"] == auc(truth, bundle.predict(model.holdout))
    assert bundle.metrics["label_rate"] == float(truth.mean())
    model = make_regression()
    bundle = save_bundle(model, tmp_path / "regression")
    error = model.holdout["late"].to_numpy().astype(float) - bundle.predict(model.holdout)
    assert bundle.metrics["mae"] == float(np.abs(error).mean())
    assert bundle.metrics["rmse"] == float(np.sqrt((error**2).mean()))


def test_each_metric_of_the_task_keeps_its_interval(evaluated):
    found = evaluated()
    assert [each.metric for each in found.measures] == ["auc", "log_loss", "brier", "accuracy"]
    for each in found.measures:
        assert each.low < each.value < each.high
        assert found.metrics[each.metric] == each.value
        assert (each.level, each.n) == (0.95, 400)
    assert found.measure("auc").method == "delong"
    assert (found.measure("brier").direction, found.measure("brier").unit) == ("lower", "squared probability")


def test_three_classes_are_measured(evaluated):
    from sklearn.linear_model import LogisticRegression

    draw = np.random.default_rng(0)
    features = draw.normal(size=(300, 2))
    label = np.array(["a", "b", "c"])[np.clip(features[:, 0].round() + 1, 0, 2).astype(int)]
    held = pl.DataFrame({"x0": features[:, 0], "x1": features[:, 1], "kind": label})
    found = evaluated(
        Model(
            estimator=LogisticRegression().fit(features, label),
            example=features[:5],
            holdout=held,
            label="kind",
            measures=["recall@b", "top_k_accuracy@2", "mcc"],
        )
    )
    assert list(found.metrics) == [
        "accuracy", "balanced_accuracy", "f1_macro", "log_loss", "mcc", "recall@b", "top_k_accuracy@2"
    ]  # fmt: skip
    assert found.metrics["top_k_accuracy@2"] >= found.metrics["accuracy"] > 0.6
    assert found.asked == ["recall@b", "top_k_accuracy@2", "mcc"]


def test_a_weight_counts_and_a_block_widens(evaluated):
    plain, weighted = evaluated(), evaluated(weight="seats")
    assert weighted.metrics["auc"] != plain.metrics["auc"]
    assert weighted.columns.weight == "seats"
    held = pl.concat([flights(100)] * 8)
    alone, together = (
        evaluated(
            make_model(holdout=held.with_columns(row=pl.Series(np.tile(np.arange(100), 8)))), block=name
        )
        for name in ("", "row")
    )
    gaps = [each.measure("accuracy").high - each.measure("accuracy").low for each in (alone, together)]
    assert gaps[1] > 2 * gaps[0]


def test_slices_are_measured_apart_with_the_largest_first(evaluated):
    found = evaluated(slices=["origin"])
    assert [each.value for each in found.slices] == ["JFK", "EWR", None]
    assert sum(each.rows for each in found.slices) == 400
    part = flights().filter(pl.col("origin") == "JFK")
    jfk = evaluated(make_model(holdout=part))
    assert found.slices[0].measures[0].value == pytest.approx(jfk.metrics["auc"])
    assert found.slices[0].rows == part.height


def test_a_slice_of_one_class_has_no_auc_but_an_accuracy(evaluated):
    held = flights().with_columns(pl.col("late").cast(pl.String).alias("known"))
    found = evaluated(make_model(holdout=held), slices=["known"])
    assert {each.metric for each in found.slices[0].measures} == {"log_loss", "brier", "accuracy"}


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"measures": ["f1", "acuracy"]}, NotFound, "acuracy"),
        ({"measures": ["rmse"]}, InvalidInput, "rmse does not measure a binary model"),
        ({"measures": ["recall@tired"]}, InvalidInput, "there is no class 'tired'"),
        ({"weight": "setas"}, InvalidInput, "setas"),
        ({"weight": "origin"}, InvalidInput, "holds no numbers"),
        ({"slices": ["airport"]}, InvalidInput, "airport"),
        ({"block": "week"}, InvalidInput, "week"),
    ],
)
def test_what_can_not_be_measured_is_refused_when_the_model_is_saved(evaluated, options, error, words):
    with pytest.raises(error, match=words):
        evaluated(**options)


def test_decision_values_have_an_auc_and_an_accuracy_but_no_loss_and_are_told_when_asked(evaluated):
    from sklearn.svm import LinearSVC

    train = make_flights()
    model = Model(
        estimator=LinearSVC().fit(train.select(COLUMNS).to_numpy(), train["late"].to_numpy()),
        example=train.select(COLUMNS).head(5),
        holdout=flights(),
        label="late",
    )
    assert evaluated(model).metrics.keys() == {"auc", "accuracy", "label_rate"}
    with pytest.raises(InvalidInput, match="between 0 and 1"):
        evaluated(model, measures=["calibration_error"])


def test_an_evaluation_of_old_is_read(evaluated):
    old = json.dumps({"task": "binary", "label": "late", "rows": 3, "positives": 1, "metrics": {"auc": 0.5}})
    found = msgspec.json.decode(old, type=Evaluation)
    assert found.holdout_columns.label == "late"
    assert found.measure("auc") is None


def test_a_holdout_without_a_known_label_measures_nothing(evaluated):
    held = flights().with_columns(late=pl.lit(None, dtype=pl.Int64))
    found = evaluated(make_model(holdout=held), slices=["origin"])
    assert (found.metrics, found.measures, found.rows) == ({}, [], 400)


def test_a_metric_of_the_author_is_kept_beside_and_gives_way_to_what_was_measured(evaluated):
    found = evaluated(make_model(holdout=flights(), metrics={"profit": 12.0, "auc": 1.0}))
    assert found.metrics["profit"] == 12
    assert found.metrics["auc"] < 1
    assert metric_of("auc").name in {each.metric for each in found.measures}


def lost_seats(truth, score, seats):
    """What a flight costs whose delay was not foreseen."""
    return np.where((truth == 1) & (score < 0.5), seats, 0)


lost_seats.unit = "seats"


def test_a_plain_function_of_the_project_measures_in_its_own_unit_with_an_interval(evaluated):
    found = evaluated(measures=[lost_seats])
    measure = found.measure("lost_seats")
    assert (measure.unit, measure.direction) == ("seats", "lower")
    assert measure.low < measure.value == found.metrics["lost_seats"] < measure.high
    assert found.asked == []


def test_a_cost_that_was_asked_for_is_kept_with_its_options(evaluated):
    cost = {"metric": "cost", "of": "seats", "formula": "seats * (truth != label)", "unit": "seats"}
    found = evaluated(measures=[cost], slices=["origin"])
    assert found.metrics["cost@seats"] > 0
    assert metric_of(found.asked[0]) == metric_of(cost)
    assert "cost@seats" in {each.metric for each in found.slices[0].measures}


@pytest.mark.parametrize("function", [lambda truth: truth, np.add, print])
def test_a_function_without_a_name_or_named_arguments_is_refused(evaluated, function):
    with pytest.raises(InvalidInput) as refused:
        evaluated(measures=[function])
    assert refused.value.field == "measures"


def wrong_shape(truth):
    return truth[:3]


def fails(truth, score):
    return truth / score.wrong


def wants(truth, budget):
    return truth * budget


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (wrong_shape, "does not give a number for each row"),
        (fails, "fails on the holdout"),
        (wants, "no column 'budget'"),
    ],
)
def test_a_function_that_fails_is_told_with_its_name_and_why(evaluated, function, words):
    with pytest.raises(InvalidInput, match=words):
        evaluated(measures=[function])
