"""Gates that ask a model changed rows, or a golden set whose answers are to be kept."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import polars as pl
import pytest

from meguru.errors import Forbidden, InvalidInput
from meguru.flavors.bundle import load_bundle
from meguru.flavors.bundle_writer import save_bundle
from meguru.kernel.principals import Principal
from meguru.releases.gates import GateTrial, TrialSide
from meguru.releases.gates.read import gate_of, judge
from meguru.releases.gates.row_changes import rows_that_differ
from meguru.serving import operations as endpoints
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


def test_the_class_that_is_named_is_the_one_that_has_to_become_likelier(trial):
    stormy = {"change": {"column": "wind", "add": 0.5}, "expect": "increases"}
    assert asked(trial, **stormy, favorable=1).passed
    assert not asked(trial, **stormy, favorable=0).passed
    assert "no class '7'" in asked(trial, **stormy, favorable=7).reason


class Silent(NamedTuple):
    """A model's bundle, in which every row with much wind has no answer."""

    bundle: Any
    task: Any

    def holdout(self):
        return self.bundle.holdout()

    def ask(self, rows, name):
        found = np.array(self.bundle.ask(rows, name), dtype=float)
        found[(rows["wind"] > 5).to_numpy()] = np.nan
        return found


def test_no_answer_is_no_decision(trial):
    bundle = trial.challenger.bundle
    silent = replace(trial.challenger, open=lambda: Silent(bundle, bundle.task), metrics={})
    quiet = replace(trial, challenger=silent, golden=lambda _: windy)
    found = asked(quiet, change={"column": "wind", "set": 9.0}, compare="decision", share=0.5)
    assert not found.passed
    assert found.numbers["share"] == 1
    windy = make_flights(60).with_columns(wind=9.0, expected=0)
    (kept,) = judge([gate_of({"gate": "golden_answers", "golden": "dataset/g@1"})], quiet)
    assert kept.numbers["changed"] == 60
    assert kept.numbers["list"][0] == {"row": 0, "expected": "0", "answered": None}


def test_whole_numbers_that_become_others_are_changes():
    before = pl.DataFrame({"n": [1, 2, 3], "s": ["a", "b", "c"]})
    after = before.with_columns(pl.col("n") * 1.1)
    assert rows_that_differ(before, after).tolist() == [True] * 3
    assert rows_that_differ(before, before.with_columns(pl.col("n").cast(pl.Float32))).sum() == 0


def test_a_test_in_a_folder_is_known_as_it_is_imported_from_there(checks, trial):
    (checks / "more").mkdir()
    for name in ("checks.py", "factors.py"):
        (checks / name).rename(checks / "more" / name)
    (gate,) = with_code(checks, [{"gate": "metamorphic", "test": "more/checks.py:windless"}])
    assert gate["test"] == "checks.py:windless"
    assert gate_of(gate).code.keys() == {"checks.py", "factors.py"}


def test_a_test_that_answers_by_itself_is_not_believed(trial):
    code = "import meguru.releases.gates.hosted_test as host\n"
    code += "host.HostedTest.predict = lambda self, given: {'rows': [1 << 40]}\n"
    code += "def own(rows):\n    return rows\n"
    gate = {"gate": "metamorphic", "test": "checks.py:own", "code": {"checks.py": code}}
    (found,) = judge([gate_of(gate)], trial)
    assert not found.passed
    assert "checks.py:own gives what is no frame" in found.reason


def test_a_gate_of_code_is_declared_by_who_may_have_code_run(workspace, checks):
    (gate,) = with_code(checks, [{"gate": "metamorphic", "test": "checks.py:windless"}])
    narrow = frozenset({"endpoint:*", "model:*", "dataset:*"})
    with pytest.raises(Forbidden) as refused:
        endpoints.create(
            workspace.with_(principal=Principal(name="uma", permissions=narrow)),
            name="delay",
            model="delay",
            gates=[gate],
        )
    assert refused.value.lacks == "pipeline:write"


def test_what_can_not_be_changed_is_told_without_its_values(side):
    holdout = make_flights(300, seed=9).with_columns(age=pl.lit(97, dtype=pl.UInt8))
    trial = GateTrial(endpoint="delay", challenger=side("model/delay@1", holdout=holdout))
    for change, way in (({"scale": 30}, "scale"), ({"set": "old"}, "set"), ({"set": 1 << 70}, "set")):
        found = asked(trial, change={"column": "age"} | change)
        assert not found.passed
        assert f"the values of 'age' can't be changed by {way}: they are UInt8" in found.reason
        assert "97" not in found.reason
        assert "2910" not in found.reason
