"""Gates by any metric of a task: bounds, margins, slices, a golden set."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from meguru.errors import InvalidInput
from meguru.flavors.bundle import load_bundle
from meguru.flavors.bundle_writer import save_bundle
from meguru.flavors.model import Model
from meguru.releases.gates import GateTrial, TrialSide
from meguru.releases.gates.read import gate_of, judge
from meguru.testing.models import make_flights, make_model


@pytest.fixture
def stored(tmp_path):
    """Save a model and return it as a side of a trial."""

    def save(number, model):
        save_bundle(model, tmp_path / str(number))
        folder = tmp_path / str(number)
        return TrialSide(ref=f"model/it@{number}", digest=f"{number:064x}", open=lambda: load_bundle(folder))

    return save


def trial(challenger, champion=None, **options):
    return GateTrial(endpoint="it", challenger=challenger, champion=champion, **options)


def verdict(options, against):
    return judge([gate_of(options)], against)[0]


def price(noise, seed=0, holdout=None):
    """A regression of a price whose features are noisier or less noisy."""
    from sklearn.linear_model import LinearRegression

    draw = np.random.default_rng(seed)
    frame = pl.DataFrame({"x": draw.normal(size=400), "shop": draw.choice(["a", "b"], 400)})
    frame = frame.with_columns(price=10 * frame["x"] + draw.normal(size=400))
    learned = frame["price"].to_numpy() * noise
    return Model(
        estimator=LinearRegression().fit(frame.select("x").to_numpy(), learned),
        example=frame.select("x").head(5),
        holdout=frame if holdout is None else holdout,
        label="price",
        slices=["shop"],
    )


def kinds(classes="abc", knows=2):
    """A model of the classes that it was trained on, held against rows of all four."""
    from sklearn.linear_model import LogisticRegression

    draw = np.random.default_rng(0)
    truth = draw.choice(["a", "b", "c", "d"], 600, p=[0.3, 0.3, 0.3, 0.1])
    signal = {"x": truth == "a", "y": (truth == "b") + 2.0 * (truth == "d")}
    frame = pl.DataFrame({name: 2.0 * values + draw.normal(size=600) for name, values in signal.items()})
    frame = frame.with_columns(kind=pl.Series(truth))
    train = frame.filter(pl.col("kind").is_in(list(classes)))
    features = train.select("x", "y").to_numpy() * [1, knows - 1]
    estimator = LogisticRegression().fit(features, train["kind"].to_numpy())
    return Model(estimator=estimator, example=train.select("x", "y").head(5), holdout=frame, label="kind")


def test_a_regression_is_compared_by_the_first_of_its_task_and_less_is_better(stored):
    good, bad = stored(2, price(1.0)), stored(1, price(0.7))
    better = verdict({"gate": "champion"}, trial(good, bad))
    assert better.passed
    assert (better.numbers["metric"], better.numbers["direction"]) == ("rmse", "lower")
    assert better.numbers["high"] < 0
    assert better.reason.startswith("RMSE ")
    assert ": better, 95% interval" in better.reason
    worse = verdict({"gate": "champion"}, trial(bad, good))
    assert not worse.passed
    assert ": worse, 95% interval" in worse.reason


def test_not_worse_by_a_margin_lets_a_model_through_that_is_not_better(stored):
    challenger, champion = stored(2, price(1.0)), stored(1, price(1.0, holdout=price(1.0, 3).holdout))
    assert not verdict({"gate": "champion"}, trial(challenger, champion)).passed
    slightly = stored(3, price(0.97))
    found = verdict({"gate": "champion", "metric": "mae", "margin": -0.5}, trial(slightly, champion))
    assert found.passed
    assert "not worse by more than 0.5" in found.reason
    strict = verdict({"gate": "champion", "metric": "mae", "margin": -0.01}, trial(slightly, champion))
    assert not strict.passed
    assert "by more than 0.01" in strict.reason


@pytest.mark.parametrize("metric", ["log_loss", "accuracy", "f1_macro", "recall@b", "mcc", "auc_macro"])
def test_models_of_many_classes_are_compared_by_any_metric_though_one_knows_fewer(stored, metric):
    good, bad = stored(2, kinds("abcd")), stored(1, kinds("abc", knows=1))
    assert verdict({"gate": "champion", "metric": metric}, trial(good, bad)).passed
    assert not verdict({"gate": "champion", "metric": metric}, trial(bad, good)).passed


def test_models_of_different_tasks_are_not_compared(stored):
    many, two = stored(2, kinds("abc")), stored(1, make_model())
    found = verdict({"gate": "champion", "metric": "accuracy"}, trial(two, many))
    assert not found.passed


def test_a_bound_asks_for_certainty(stored):
    side = stored(1, make_model(holdout=make_flights(60, seed=1)))
    plain = {"gate": "metric", "metric": "accuracy", "op": ">=", "value": 0.82}
    assert verdict(plain, trial(side)).passed
    certain = verdict(plain | {"bound": "low"}, trial(side))
    assert not certain.passed
    assert certain.numbers["low"] < 0.82 < certain.numbers["value"]
    assert "but >= 0.82 for its lower bound is wanted" in certain.reason
    assert verdict(plain | {"bound": "high", "value": 0.9}, trial(side)).passed


def test_a_metric_that_was_not_measured_at_registration_is_measured_by_the_gate(stored):
    found = verdict(
        {"gate": "metric", "metric": "recall_at_precision@0.8", "value": 0.1}, trial(stored(1, make_model()))
    )
    assert found.passed
    assert 0.1 < found.numbers["value"] <= 1


def test_each_slice_must_pass_and_few_rows_are_named_and_not_judged(stored):
    held = make_flights(420, seed=1)
    where = np.where(np.arange(420) < 200, "good", np.where(np.arange(420) < 400, "bad", "rare"))
    held = held.with_columns(origin=pl.Series(where))
    held = held.with_columns(
        late=pl.when(pl.col("origin") == "bad").then(1 - pl.col("late")).otherwise("late")
    )
    side = stored(1, make_model(holdout=held))
    options = {"gate": "metric", "metric": "auc", "op": ">=", "value": 0.3, "slices": "origin"}
    found = verdict(options, trial(side))
    assert not found.passed
    assert "; slice origin bad: auc is 0." in found.reason
    assert "; slices of origin: 1 with fewer than 50 rows were not judged" in found.reason
    assert [each["value"] for each in found.numbers["slices"]] == ["bad", "good"]
    assert verdict(options | {"value": 0.01}, trial(side)).passed


def test_a_champion_is_compared_by_slice(stored):
    good, bad = stored(2, price(1.0)), stored(1, price(0.7))
    found = verdict({"gate": "champion", "slices": "shop"}, trial(good, bad))
    assert found.passed
    assert "; slices of shop: all 2 pass" in found.reason
    assert not verdict({"gate": "champion", "slices": "shop"}, trial(bad, good)).passed


def test_a_golden_set_takes_the_place_of_the_holdout(stored):
    golden = make_flights(300, seed=9).rename({"late": "was_late"})
    side = stored(1, make_model())
    asked = []

    def read(ref):
        asked.append(ref)
        return golden

    options = {
        "gate": "metric",
        "metric": "auc",
        "value": 0.7,
        "golden": "dataset/gold@2",
        "label": "was_late",
    }
    found = verdict(options, trial(side, golden=read))
    assert found.passed
    assert asked == ["dataset/gold@2"]
    assert found.numbers["n"] == 300
    missing = verdict(options | {"label": "late"}, trial(side, golden=read))
    assert not missing.passed
    assert "the golden set dataset/gold@2 has no column 'late'" in missing.reason


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"gate": "metric", "metric": "auc", "value": 1.2}, "gates.value"),
        ({"gate": "metric", "metric": "rmse", "op": "<", "value": 0}, "gates.value"),
        ({"gate": "metric", "metric": "auc", "value": 0.5, "bound": "middle"}, "gates.bound"),
        ({"gate": "metric", "metric": "auc", "value": 0.5, "golden": "gold"}, "gates.golden"),
        ({"gate": "metric", "metric": "auc", "value": 0.5, "golden": "gold@latest"}, "gates.golden"),
        ({"gate": "metric", "metric": "auc", "value": 0.5, "label": "late"}, "gates.label"),
        ({"gate": "metric", "metric": "auc", "value": 0.5, "least_rows": 0}, "gates.least_rows"),
        ({"gate": "metric", "metric": {"metric": "ndcg", "k": 0}, "value": 0.5}, "gates.k"),
        ({"gate": "champion", "metric": "auc", "margin": 1.5}, "gates.margin"),
        ({"gate": "champion", "confidence": 1.0}, "gates.confidence"),
        ({"gate": "latency", "at_most_ms": 0}, "gates.at_most_ms"),
        ({"gate": "latency", "at_most_ms": 1, "percentile": 0}, "gates.percentile"),
        ({"gate": "latency", "at_most_ms": 1, "rows": 5000}, "gates.rows"),
        ({"gate": "size", "at_most_mb": -1}, "gates.at_most_mb"),
    ],
)
def test_options_that_make_no_sense_are_refused_with_their_field(options, field):
    with pytest.raises(InvalidInput) as refused:
        gate_of(options)
    assert refused.value.field == field


@pytest.mark.parametrize(
    ("metric", "words"),
    [
        ("auc", "auc is for anomaly, binary"),
        ("f1", "f1_macro, or f1@"),
        ("recall@tired", "there is no class 'tired' among a, b, c"),
        ("rmse", "rmse is for"),
        ("acuracy", "did you mean 'accuracy'?"),
    ],
)
def test_a_metric_that_can_never_measure_such_a_model_is_refused_when_it_is_declared(stored, metric, words):
    known = stored(1, kinds()).known
    for options in ({"gate": "metric", "value": 0.5}, {"gate": "champion"}):
        with pytest.raises(InvalidInput) as refused:
            gate_of(options | {"metric": metric}).check_declaration(known)
        assert refused.value.field == "metric"
        assert words in f"{refused.value.why} {refused.value.hint}"


def test_a_number_of_the_author_has_no_bound_and_no_slices(stored):
    side = stored(1, make_model(metrics={"profit": 12.0}))
    options = {"gate": "metric", "metric": "profit", "value": 10, "bound": "low"}
    found = verdict(options, trial(side))
    assert not found.passed
    assert "is a number or a function of its author" in found.reason


def test_rows_that_count_more_move_the_comparison(stored):
    held = make_flights(400, seed=1).with_columns(seats=pl.col("hour").abs())
    plain = stored(1, make_model(holdout=held))
    weighed = stored(2, replace(make_model(holdout=held), weight="seats"))
    champion = stored(3, make_model(knows=("hour",), holdout=held))
    one, two = (verdict({"gate": "champion"}, trial(side, champion)) for side in (plain, weighed))
    assert one.numbers["difference"] != two.numbers["difference"]


def test_business_metrics_gate_in_their_own_unit(stored):
    cost = {"metric": "cost", "of": "misses", "matrix": [[0, 1], [5, 0]], "unit": "EUR"}
    good = stored(2, replace(make_model(seed=0), measures=[cost]))
    bad = stored(1, make_model(knows=("hour",)))
    named = {"gate": "metric", "metric": "cost@misses", "op": "<=", "value": 2, "bound": "high"}
    assert verdict(named, trial(good)).passed
    assert not verdict(named, trial(bad)).passed
    for metric in ("cost@misses", cost):
        assert verdict({"gate": "champion", "metric": metric}, trial(good, bad)).passed
    assert not verdict({"gate": "champion", "metric": cost}, trial(bad, good)).passed


def misses(truth, score):
    """A function of the project: what is measured where the model is saved."""
    return (truth == 1) & (score < 0.5)


def test_a_function_of_the_project_has_a_bound_and_can_not_compare(stored):
    side, live = stored(2, replace(make_model(), measures=[misses])), stored(1, make_model(seed=3))
    assert verdict(
        {"gate": "metric", "metric": "misses", "op": "<", "value": 0.5, "bound": "high"}, trial(side)
    ).passed
    found = verdict({"gate": "champion", "metric": "misses"}, trial(side, live))
    assert not found.passed
    assert "no metric that can be measured" in found.reason


def test_a_column_with_a_value_for_each_row_is_no_slice(stored):
    side = stored(1, make_model())
    found = verdict({"gate": "metric", "metric": "auc", "value": 0.5, "slices": "hour"}, trial(side))
    assert not found.passed
    assert "up to 200 slices can be judged: 'hour' has 400 values" in found.reason
