"""Gates: what they measure, and what they say."""

from __future__ import annotations

import errno
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from meguru.errors import Busy, DigestMismatch, InvalidInput, UnsafeModel
from meguru.flavors import ColumnType, Signature, SignatureColumn
from meguru.flavors.bundle import load_bundle
from meguru.flavors.bundle_writer import save_bundle
from meguru.flavors.model import Model
from meguru.releases.compatibility import incompatibilities
from meguru.releases.gates import GATES, GateTrial, TrialSide
from meguru.releases.gates.champion import Champion
from meguru.releases.gates.loads import Loads
from meguru.releases.gates.metric import MetricGate
from meguru.releases.gates.read import check_gates, gate_of, judge
from meguru.releases.types import GateVerdict
from meguru.serving.contracts.types import ModelInput
from meguru.tasks import task_of
from meguru.testing.models import COLUMNS, make_contract, make_flights, make_model


def trial(challenger, champion=None, inputs=()):
    agreed = [] if champion is None else [make_contract(champion.bundle.signature)]
    given = [ModelInput.read(each) for each in inputs]
    return GateTrial(
        endpoint="delay", challenger=challenger, champion=champion, contracts=agreed, inputs=given
    )


def test_a_better_challenger_passes_with_the_numbers_and_the_reason(side):
    better, worse = side("model/delay@2", seed=5), side("model/delay@1", knows=("hour",))
    result = Champion().judge(trial(better, worse))
    numbers = result.numbers
    assert result.passed
    assert numbers["challenger"] > numbers["champion"] + numbers["low"]
    assert 0 < numbers["low"] < numbers["difference"] < numbers["high"]
    assert (numbers["n"], numbers["against"]) == (400, "model/delay@1")
    assert (
        "of model/delay@1 on the same 400 rows: better, 95% interval of the difference +0." in result.reason
    )


def test_a_worse_challenger_is_refused(side):
    result = Champion().judge(trial(side("model/delay@2", knows=("hour",)), side("model/delay@1", seed=5)))
    assert not result.passed
    assert "worse" in result.reason


def test_a_challenger_that_is_only_perhaps_better_is_refused(side):
    result = Champion().judge(trial(side("model/delay@2"), side("model/delay@1", seed=7)))
    assert not result.passed
    assert "not certainly better" in result.reason


def test_a_margin_must_be_exceeded(side):
    sides = side("model/delay@2", seed=5), side("model/delay@1", knows=("hour",))
    assert not Champion(margin=0.5).judge(trial(*sides)).passed


def test_the_same_trial_gets_the_same_numbers(side):
    sides = side("model/delay@2", seed=5), side("model/delay@1", knows=("hour",))
    assert Champion().judge(trial(*sides)) == Champion().judge(trial(*sides))


def test_the_first_release_has_no_champion_to_beat(side):
    result = Champion().judge(trial(side("model/delay@1")))
    assert result.passed
    assert "first release" in result.reason


def test_the_same_model_is_nothing_new(side):
    one = side("model/delay@1")
    again = TrialSide(ref="model/delay@2", digest=one.digest, open=one.open)
    result = Champion().judge(trial(again, one))
    assert not result.passed
    assert "nothing new" in result.reason


def test_a_holdout_of_one_class_can_not_decide(side):
    one_class = pl.DataFrame({"hour": [0.1, 0.2], "wind": [0.3, 0.1], "late": [1, 1]})
    sides = side("model/delay@2", holdout=one_class), side("model/delay@1", seed=5)
    result = Champion().judge(trial(*sides))
    assert not result.passed
    assert "one class only" in result.reason


def test_a_champion_that_needs_a_column_the_holdout_lacks_is_a_refusal_with_its_name(side):
    sides = side("model/delay@2"), side("model/delay@1", columns=("hour", "wind", "snow"))
    (result,) = judge([Champion()], trial(*sides))
    assert not result.passed
    assert "snow" in result.reason


@pytest.mark.parametrize(
    ("op", "value", "passed"), [(">=", 0.6, True), (">=", 0.99, False), ("<", 0.99, True)]
)
def test_a_metric_is_compared_with_the_wanted_value(side, op, value, passed):
    result = MetricGate(metric="auc", op=op, value=value).judge(trial(side("model/delay@1")))
    assert result.passed is passed
    assert result.numbers["metric"] == "auc"
    assert f"{op} {value:g} is wanted" in result.reason


def test_what_was_measured_comes_before_what_the_author_says(side):
    boast = side("model/delay@1", knows=("hour",), metrics={"auc": 1.0})
    assert not MetricGate(metric="auc", value=0.999).judge(trial(boast)).passed


def test_an_unknown_metric_is_refused_with_the_near_miss(side):
    (result,) = judge([MetricGate(metric="auk", value=0.6)], trial(side("model/delay@1")))
    assert not result.passed
    assert "did you mean 'auc'?" in result.reason


def test_a_model_may_leave_out_what_clients_send(side):
    sides = side("model/delay@2"), side("model/delay@1", columns=("hour", "wind", "snow"))
    result = Loads().judge(trial(*sides))
    assert result.passed
    assert "takes 2 columns" in result.reason


def test_a_model_that_wants_more_than_clients_send_is_refused_with_what_would_mend_it(side):
    sides = side("model/delay@2", columns=("hour", "wind", "winds")), side("model/delay@1")
    result = Loads().judge(trial(*sides))
    assert not result.passed
    assert "--input 'winds=wind'" in result.reason
    mended = Loads().judge(trial(*sides, inputs=["winds=wind * 2"]))
    assert mended.passed
    assert "takes 3 columns, 1 of which are made of what clients send" in mended.reason


def test_the_champion_scores_a_renamed_column_of_the_holdout_as_its_own(side):
    renamed = side("model/delay@2", rename={"wind": "wind_speed"}, seed=5)
    poor = side("model/delay@1", knows=("hour",))
    result = Champion().judge(trial(renamed, poor, inputs=["wind_speed=wind"]))
    assert result.passed, result.reason
    plain = Champion().judge(trial(side("model/delay@2", seed=5), poor))
    assert {k: result.numbers[k] for k in ("champion", "challenger")} == {
        k: plain.numbers[k] for k in ("champion", "challenger")
    }


def test_a_champion_whose_column_the_holdout_does_not_hold_as_it_was_sent_is_not_compared(side):
    made = side("model/delay@2", rename={"wind": "gust"}, seed=5)
    (result,) = judge([Champion()], trial(made, side("model/delay@1"), inputs=["gust=wind * 2"]))
    assert not result.passed
    assert "does not hold 'wind', as clients send it" in result.reason


def test_a_model_of_another_task_is_refused(side):
    numbers = TrialSide(ref="model/delay@2", digest="2", open=side("model/delay@2").open)
    agreed = [make_contract(numbers.bundle.signature, task="regression")]
    result = Loads().judge(replace(trial(numbers), contracts=agreed))
    assert "contract 1 promises a regression answer, and this is a binary model" in result.reason


def test_a_model_that_does_not_load_is_refused_and_not_asked_more(side):
    def unsafe():
        raise UnsafeModel("model.pkl could run code", why="it is a pickle")

    results = judge(
        check_gates([{"gate": "champion"}]), trial(TrialSide(ref="model/delay@2", digest="0", open=unsafe))
    )
    assert [(result.gate, result.passed) for result in results] == [("loads", False)]
    assert results[0].reason == "model.pkl could run code: it is a pickle"


def classes(count, **options):
    """Return a model of so many classes, with its example."""
    from sklearn.linear_model import LogisticRegression

    flights = make_flights()
    kinds = np.arange(flights.height) % count
    estimator = LogisticRegression().fit(flights.select(COLUMNS).to_numpy(), kinds)
    return Model(estimator=estimator, example=flights.select(COLUMNS).head(5), task="multiclass", **options)


def two_numbers():
    """Return a model that answers two numbers a row."""
    from sklearn.linear_model import LinearRegression

    rows = make_flights().select(COLUMNS)
    estimator = LinearRegression().fit(rows.to_numpy(), rows.to_numpy())
    return Model(estimator=estimator, example=rows.head(5))


def test_a_model_that_does_not_answer_as_its_task_says_is_not_stored(tmp_path):
    wrong = replace(two_numbers(), task="regression")
    with pytest.raises(InvalidInput, match="does not answer as its task, regression, says") as caught:
        save_bundle(wrong, tmp_path)
    assert caught.value.why == "the model gave shape (5, 2) for 5 rows, where one score a row are wanted"


def without_example(folder):
    (folder / "example.json").unlink()
    return load_bundle(folder)


@pytest.mark.parametrize("model", [lambda: classes(3), two_numbers], ids=["classes", "numbers"])
def test_a_model_of_any_task_answers_its_example_as_a_server_asks(tmp_path, model):
    save_bundle(model(), tmp_path)
    with_example = TrialSide(ref="model/kind@1", digest="0", open=lambda: load_bundle(tmp_path))
    assert judge(check_gates([]), trial(with_example))[0].passed
    bare = TrialSide(ref="model/kind@1", digest="0", open=lambda: without_example(tmp_path))
    assert judge(check_gates([]), trial(bare))[0].passed


def test_a_model_without_an_example_passes_and_the_reason_says_so(tmp_path):
    save_bundle(make_model(), tmp_path)
    bare = TrialSide(ref="model/delay@1", digest="0", open=lambda: without_example(tmp_path))
    (result,) = judge(check_gates([]), trial(bare))
    assert result.passed
    assert "holds no example to be asked" in result.reason


def test_few_rows_a_request_do_not_refuse_a_model_with_more_rows_in_its_example(side):
    (result,) = judge(
        check_gates([]),
        GateTrial(endpoint="delay", challenger=side("model/delay@1"), max_rows=2, record=False),
    )
    assert result.passed


@pytest.mark.parametrize(
    "trouble", [MemoryError(), OSError(errno.EIO, "I/O error"), Busy("S3 is away"), DigestMismatch("other")]
)
def test_a_failure_of_ours_leaves_a_gate_undecided(trouble):
    def fails():
        raise trouble

    (result,) = judge(check_gates([]), trial(TrialSide(ref="model/delay@2", digest="0", open=fails)))
    assert result.verdict is GateVerdict.UNDECIDED
    assert not result.passed


def test_a_model_that_fails_on_the_holdout_is_refused_with_what_it_said(side, tmp_path):
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder

    rows = pl.DataFrame({"hour": [1.0, 2.0] * 20, "wind": [0.0, 1.0] * 20})
    strict = make_pipeline(OneHotEncoder(), LogisticRegression()).fit(rows.to_numpy(), [0, 1] * 20)
    known = make_flights(4).with_columns(hour=pl.lit(1.0), wind=pl.lit(0.0))
    save_bundle(Model(estimator=strict, example=rows.head(2), holdout=known, label="late"), tmp_path)
    champion = TrialSide(ref="model/delay@1", digest="0", open=lambda: load_bundle(tmp_path))
    (result,) = judge([Champion()], trial(side("model/delay@2"), champion))
    assert result.verdict is GateVerdict.FAILED
    assert "fails on the challenger's holdout" in result.reason
    assert "unknown categories" in result.reason


def test_loading_is_asked_of_every_release_and_first():
    keys = [
        gate.key
        for gate in check_gates([{"gate": "metric", "metric": "auc", "value": 0.6}, {"gate": "loads"}])
    ]
    assert keys == ["loads", "metric"]


@pytest.mark.parametrize(
    ("options", "field", "hint"),
    [
        ({"gate": "champoin"}, "gates.gate", "champion"),
        ({"metric": "auc"}, "gates.gate", ", ".join(GATES.names())),
        ({"gate": "metric", "metric": "auc"}, "gates.value", ""),
        ({"gate": "metric", "metric": "auc", "op": "=", "value": 1}, "gates.op", ""),
        ({"gate": "champion", "confidence": 95}, "gates.confidence", ""),
        ({"gate": "champion", "margn": 0}, "gates.margn", ""),
        ({"gate": "metric", "metric": "auc", "value": float("nan")}, "gates.value", ""),
        ({"gate": "metric", "metric": "auc", "value": 1.01}, "gates.value", ""),
        ({"gate": "metric", "metric": "auc", "op": ">", "value": 1}, "gates.value", ""),
        ({"gate": "metric", "metric": "auc", "op": "<", "value": 0}, "gates.value", ""),
        ({"gate": "metric", "metric": "auc", "value": -0.1}, "gates.value", ""),
        ({"gate": "metric", "metric": "rmse", "op": "<=", "value": -1}, "gates.value", ""),
        ({"gate": "metric", "metric": "rmse", "op": "<", "value": 0}, "gates.value", ""),
    ],
)
def test_a_wrong_gate_is_refused_with_its_field(options, field, hint):
    with pytest.raises(InvalidInput) as refused:
        gate_of(options)
    assert refused.value.field == field
    assert hint in refused.value.hint


@pytest.mark.parametrize(
    ("metric", "op", "value"),
    [("auc", ">=", 1), ("auc", ">=", 0), ("auc", "<=", 0), ("rmse", "<=", 0), ("profit", ">", 1e9)],
)
def test_a_value_that_a_model_can_reach_may_be_asked_for(metric, op, value):
    assert gate_of({"gate": "metric", "metric": metric, "op": op, "value": value})


def columns(*items):
    return Signature(inputs=tuple(SignatureColumn(name=n, type=t, nullable=null) for n, t, null in items))


@pytest.mark.parametrize(
    ("live", "new", "fault"),
    [
        (("a", ColumnType.LONG, False), ("a", ColumnType.DOUBLE, False), ""),
        (("a", ColumnType.DOUBLE, False), ("a", ColumnType.DOUBLE, True), ""),
        (("a", ColumnType.DOUBLE, True), ("a", ColumnType.DOUBLE, False), "--input 'a=coalesce(a, 0)'"),
        (("a", ColumnType.DOUBLE, False), ("a", ColumnType.LONG, False), "--input 'a=long(a)'"),
        (
            ("a", ColumnType.STRING, False),
            ("a", ColumnType.DOUBLE, False),
            "is string in contract 1 and wanted as double; say: --input 'a=double(a)'",
        ),
        (("a", ColumnType.LONG, False), ("b", ColumnType.LONG, True), "needed and contract 1 has none"),
    ],
)
def test_what_clients_send_must_still_be_taken(live, new, fault):
    found = "; ".join(incompatibilities([make_contract(columns(live))], columns(new), task_of("binary"), []))
    assert fault in found
    assert bool(fault) is bool(found)


def test_the_numbers_of_two_classes_are_those_of_the_paired_bootstrap_to_the_digit(side):
    from meguru.base import digests
    from meguru.stats import bootstrap_difference
    from meguru.stats.auc import auc

    new, old = side("model/delay@2", seed=5), side("model/delay@1", knows=("hour",))
    rows = new.bundle.holdout()
    truth, scores = rows["late"].to_numpy(), [each.bundle.predict(rows) for each in (new, old)]
    seed = int(digests.of_value([new.digest, old.digest])[:8], 16)
    known = bootstrap_difference(truth, *scores, level=0.95, resamples=1000, seed=seed)
    found = Champion().judge(trial(new, old)).numbers
    assert (found["difference"], found["low"], found["high"]) == (known.estimate, known.low, known.high)
    assert (found["challenger"], found["champion"]) == tuple(auc(truth, each) for each in scores)
