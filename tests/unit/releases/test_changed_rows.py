"""Gates that ask a model changed rows, or a golden set whose answers are to be kept."""

from __future__ import annotations

import polars as pl
import pytest

from meguru.errors import InvalidInput
from meguru.flavors.bundle import load_bundle, save_bundle
from meguru.releases.gates import GateTrial, TrialSide
from meguru.releases.gates.read import gate_of, judge
from meguru.serving.gate_code import with_code
from meguru.testing.models import make_flights, make_model, make_regression

TEST = """
import polars as pl

from factors import FACTOR

def windless(rows):
    return rows.with_columns(wind=pl.col("wind") * FACTOR)

def longer(rows):
    return pl.concat([rows, rows])

def broken(rows):
    raise RuntimeError("no wind")
"""


@pytest.fixture
def trial(side):
    return GateTrial(endpoint="delay", challenger=side("model/delay@1"))


def asked(trial, **options):
    (found,) = judge([gate_of({"gate": "invariance"} | options)], trial)
    return found


@pytest.mark.parametrize(
    ("options", "passed"),
    [
        ({"change": {"column": "wind", "add": 0.5}}, False),
        ({"change": {"column": "wind", "add": 0.5}, "expect": "increases"}, True),
        ({"change": {"column": "wind", "add": 0.5}, "expect": "decreases"}, False),
        ({"change": {"column": "wind", "noise": 1e-7}, "tolerance": 1e-4}, True),
        ({"change": {"column": "wind", "noise": 0.5}, "tolerance": 0.02, "expect": "stable"}, False),
        ({"change": {"column": "wind", "scale": 1.001}, "tolerance": 0.01, "expect": "stable"}, True),
        ({"change": {"column": "wind", "add": 1e-9}, "compare": "decision"}, True),
        ({"change": [{"column": "hour", "scale": 1}, {"column": "wind", "add": 0}]}, False),
    ],
)
def test_answers_follow_a_change_as_is_expected(trial, options, passed):
    found = asked(trial, **options)
    assert found.passed is passed, found.reason
    assert found == asked(trial, **options)


def test_a_refusal_names_the_worst_rows_by_number_and_tells_how_many(trial):
    found = asked(trial, change={"column": "wind", "set": 3.0})
    assert found.reason.startswith("wind set to 3.0: 400 of 400 answers change by more than 1e-06 (100.0%)")
    first = found.numbers["worst"][0]
    assert f"row {first['row']} from {first['before']} to {first['after']}" in found.reason
    frame = make_flights(seed=1)
    wind = frame["wind"].to_list()
    assert wind[first["row"]] < -1
    assert str(wind[first["row"]]) not in found.reason


def test_a_column_that_the_model_does_not_take_changes_nothing_and_a_change_of_few_rows_proves_nothing(side):
    holdout = make_flights(300, seed=9).with_columns(sex=pl.Series(["f", "m", "x"] * 100))
    trial = GateTrial(endpoint="delay", challenger=side("model/delay@1", holdout=holdout))
    found = asked(trial, change={"column": "sex", "swap": ["f", "m"]})
    assert found.passed
    assert "0 of 200 answers change" in found.reason
    rare = asked(trial, change={"column": "sex", "swap": ["f", "q"]}, where="sex == 'm'")
    assert not rare.passed
    assert rare.reason == "sex f, q swapped: 0 rows change, and 50 are needed"
    lost = asked(trial, change={"column": "race", "null": True})
    assert "the rows have no column 'race' that could change" in lost.reason
    typos = asked(trial, change={"column": "wind", "typo": 1})
    assert not typos.passed


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"change": {"column": "sex"}}, "change"),
        ({"change": {"column": "sex", "null": True, "add": 1}}, "change"),
        ({"change": {"column": "sex", "swap": ["f"]}}, "change.swap"),
        ({"change": []}, "change"),
        ({"change": {"column": "x", "add": 1}, "share": 1.5}, "share"),
        ({"change": {"column": "x", "add": 1}, "expect": "increases", "compare": "decision"}, "compare"),
        ({"change": {"column": "x", "add": 1}, "golden": "dataset/x"}, "golden"),
    ],
)
def test_options_that_make_no_sense_are_refused_by_name(options, field):
    with pytest.raises(InvalidInput) as raised:
        gate_of({"gate": "invariance"} | options)
    assert raised.value.field == f"gates.{field}"


@pytest.fixture
def checks(tmp_path):
    (tmp_path / "checks.py").write_text(TEST)
    (tmp_path / "factors.py").write_text("FACTOR = 0\n")
    return tmp_path


def test_a_function_of_the_project_changes_rows_in_a_process_of_its_own(checks, trial):
    (gate,) = with_code(checks, [{"gate": "metamorphic", "test": "checks:windless"}])
    assert sorted(gate["code"]) == ["checks.py", "factors.py"]
    (found,) = judge([gate_of(gate)], trial)
    assert not found.passed
    assert found.reason.startswith("windless: ")
    (part,) = found.inputs
    assert part.ref == "code/checks:windless"
    (checks / "factors.py").write_text("FACTOR = 1\n")
    (same,) = with_code(checks, [{"gate": "metamorphic", "test": "checks:windless"}])
    assert same["code"] != gate["code"]


def test_a_test_that_fails_or_gives_other_rows_is_a_refusal_with_the_reason(checks, trial):
    for name, why in (("broken", "RuntimeError: no wind"), ("longer", "it gave 800 for 400")):
        (gate,) = with_code(checks, [{"gate": "metamorphic", "test": f"checks.py:{name}"}])
        (found,) = judge([gate_of(gate)], trial)
        assert not found.passed
        assert why in found.reason


def test_code_that_is_not_there_leads_out_or_is_too_large_is_refused(checks):
    for test in ("checks.py:nothing", "other.py:x", "checks.py"):
        with pytest.raises(InvalidInput) as raised:
            with_code(checks, [{"gate": "metamorphic", "test": test}])
        assert raised.value.field == "gates[0].test"
    for code in ({}, {"checks.py": "", "../x.py": ""}, {"checks.py": "#" * 300_000}):
        with pytest.raises(InvalidInput) as raised:
            gate_of({"gate": "metamorphic", "test": "checks.py:windless", "code": code})
        assert raised.value.field == "gates.code"


def golden_trial(model, rows, tmp_path):
    save_bundle(model, tmp_path / "golden-model")
    side = TrialSide(ref="model/m@1", digest="1", open=lambda: load_bundle(tmp_path / "golden-model"))
    return GateTrial(endpoint="delay", challenger=side, golden=lambda _: rows)


def test_answers_of_a_golden_set_are_kept_and_what_changed_is_listed(tmp_path):
    rows = make_flights(60, seed=3)
    trial = golden_trial(make_model(), rows, tmp_path)
    bundle = trial.challenger.bundle
    score = bundle.task.answer(bundle.ask(rows, "rows"), rows.height)["score"]
    kept = rows.with_columns(expected=pl.Series(score > 0.5).cast(pl.Int64), score=pl.Series(score))
    gate = {"gate": "golden_answers", "golden": "dataset/g@1"}

    def found(frame, **options):
        of = GateTrial(endpoint="delay", challenger=trial.challenger, golden=lambda _: frame)
        return judge([gate_of(gate | options)], of)[0]

    assert found(kept).reason == "0 of 60 answers of the golden set changed, as 0 may"
    assert found(kept, expected="score").passed
    flipped = kept.with_columns(
        expected=pl.when(pl.int_range(60) < 2).then(1 - pl.col("expected")).otherwise("expected")
    )
    other = found(flipped)
    assert not other.passed
    assert [each["row"] for each in other.numbers["list"]] == [0, 1]
    assert "2 of 60 answers of the golden set changed, but 0 may; row 0 from " in other.reason
    assert found(flipped, at_most_changed=2).passed
    assert "did you mean 'expected'" in found(kept, expected="expcted").reason


def test_numbers_of_a_golden_set_may_differ_by_the_tolerance(tmp_path):
    rows = make_flights(20, seed=3)
    model = make_regression()
    trial = golden_trial(model, rows, tmp_path)
    bundle = trial.challenger.bundle
    score = bundle.task.answer(bundle.ask(rows, "rows"), 20)["score"]
    trial = golden_trial_of(trial, rows.with_columns(expected=pl.Series(score + 0.01)))
    gate = {"gate": "golden_answers", "golden": "dataset/g@1"}
    assert not judge([gate_of(gate)], trial)[0].passed
    assert judge([gate_of(gate | {"tolerance": 0.02})], trial)[0].passed


def golden_trial_of(trial, rows):
    return GateTrial(endpoint="delay", challenger=trial.challenger, golden=lambda _: rows)
