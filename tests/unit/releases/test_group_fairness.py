"""The gate of groups: columns outside of the holdout, conditions, and what is told of few."""

from __future__ import annotations

import msgspec
import numpy as np
import polars as pl
import pytest

from meguru.console.charts.forest import forests
from meguru.errors import InvalidInput
from meguru.releases.gate_tables import tables_of
from meguru.releases.gates import GateTrial
from meguru.releases.gates.read import gate_of, judge
from meguru.testing.models import make_flights

KEYED = {"gate": "group_fairness", "groups": "dataset/protected@1", "key": "loan", "columns": ["race"]}


@pytest.fixture
def holdout():
    return make_flights(900, seed=8).with_row_index("loan")


@pytest.fixture
def ask(side, holdout):
    def judged(options, groups):
        trial = GateTrial(
            endpoint="delay", challenger=side("model/delay@1", holdout=holdout), golden=lambda _: groups
        )
        return judge([gate_of(options)], trial)[0]

    return judged


def protected(holdout, races):
    return pl.DataFrame({"loan": holdout["loan"].cast(pl.String), "race": races})


def races(holdout):
    """Return groups of which one is late more often: its hours are late."""
    return np.where(holdout["hour"] > 0.3, "a", "b").tolist()


def test_groups_outside_of_the_holdout_are_found_by_key_and_told_in_words(ask, holdout):
    found = ask(KEYED, protected(holdout, races(holdout)))
    assert not found.passed
    assert " rows of a and 0." in found.reason
    assert "race: selection rate is 0." in found.reason
    assert "is certainly above 0.1; groups are known of 100% of the rows" in found.reason
    assert [each["group"] for each in found.numbers["groups"][0]["groups"]] == ["a", "b"]


def test_too_few_rows_with_known_groups_do_not_pass(ask, holdout):
    half = protected(holdout, ["a"] * 900).head(700)
    found = ask(KEYED | {"limit": 0.9}, half)
    assert not found.passed
    assert found.reason == "groups are known of 78% of the rows, and 95% are wanted"


def test_nothing_is_told_of_few_and_what_is_missing_is_a_group(ask, holdout):
    some = ["a"] * 500 + ["b"] * 295 + ["rare"] * 5 + [None] * 100
    found = ask(KEYED | {"limit": 0.9, "min_rows": 100}, protected(holdout, some))
    assert not found.passed
    assert "rare" not in str(msgspec.to_builtins(found))
    (table,) = tables_of(found)
    assert [each.name for each in table.lines] == ["a", "b", "none", "small groups"]
    assert table.lines[-1].rows is None
    (drawn,) = forests(found)
    assert [str(each).count("<circle") for each in drawn.drawings] == [1, 1, 1, 0]


def test_a_key_of_two_values_and_groups_of_few_people_are_refused(ask, holdout):
    twice = pl.concat([protected(holdout, ["a"] * 900), protected(holdout, ["b"] * 900)])
    assert "says different things of one 'loan'" in ask(KEYED, twice).reason
    for wrong, field in (({"min_rows": 9}, "min_rows"), ({"key": ""}, "key"), ({"groups": "x"}, "groups")):
        with pytest.raises(InvalidInput) as raised:
            gate_of(KEYED | wrong)
        assert raised.value.field == f"gates.{field}"


def test_intervals_of_several_columns_hold_together(ask, holdout):
    told = protected(holdout, races(holdout)).with_columns(sex=pl.Series(["f", "m"] * 450))
    one, two = (ask(KEYED | {"columns": names}, told) for names in (["race"], ["race", "sex"]))
    first, wider = (each.numbers["groups"][0] for each in (one, two))
    assert first["value"] == wider["value"]
    assert wider["low"] < first["low"] < first["high"] < wider["high"]


@pytest.mark.parametrize("gate", ["metric", "champion"])
def test_slices_are_columns_and_conditions(side, holdout, gate):
    first, other = side("model/delay@1", holdout=holdout), side("model/delay@2", seed=3)
    trial = GateTrial(endpoint="delay", challenger=first, champion=other)
    wanted = {"metric": "accuracy", "value": 0.99} if gate == "metric" else {"metric": "accuracy"}
    options = {"gate": gate, "slices": ["wind > 1", "loan > 898"], "where": "hour < 2"} | wanted
    (found,) = judge([gate_of(options)], trial)
    assert not found.passed
    assert "slice wind > 1: " in found.reason
    assert "1 with fewer than 50 rows were not judged" in found.reason
    assert [each["slice"] for each in found.numbers["slices"]] == ["wind > 1"]
    (table,) = tables_of(found)
    assert table.lines[0].rows == holdout.filter((pl.col("wind") > 1) & (pl.col("hour") < 2)).height


@pytest.mark.parametrize(
    ("where", "why"),
    [
        ("hour > 99", "0 rows of the challenger's holdout have hour > 99"),
        ("hours > 1", "no column 'hours'"),
        ("hour + 1", "neither true nor false"),
        ("hour > 'x'", "can't be asked of the challenger's holdout"),
        (f"hour > {'9' * 60}", "can't be asked of the challenger's holdout"),
        ("hour in (1, 'x')", "can't be asked of the challenger's holdout"),
    ],
)
def test_a_condition_that_tells_nothing_is_a_failure_with_the_reason(side, holdout, where, why):
    trial = GateTrial(endpoint="delay", challenger=side("model/delay@1", holdout=holdout))
    options = {"gate": "metric", "metric": "auc", "value": 0.5, "where": where}
    (found,) = judge([gate_of(options)], trial)
    assert not found.passed
    assert why in found.reason


def test_what_is_no_expression_is_refused_with_the_declaration():
    with pytest.raises(InvalidInput, match="not an expression") as raised:
        gate_of({"gate": "metric", "metric": "auc", "value": 0.5, "where": "import os"})
    assert raised.value.field == "gates.where"


def test_no_score_of_one_row_is_told_of_groups_outside_of_the_holdout(ask, side, holdout):
    gate = KEYED | {"criterion": "calibration_within_groups", "limit": 0.4}
    found = ask(gate, protected(holdout, races(holdout)))
    model = side("model/delay@1", holdout=holdout).bundle
    scores = model.task.answer(model.ask(holdout, "rows"), holdout.height)["score"]
    names = [each["group"] for each in found.numbers["groups"][0]["groups"]]
    told = {name.rpartition(" ")[2] for name in names}
    assert "a, score about 0.425" in names
    assert not told & {f"{end:.3g}" for end in (scores.min(), scores.max())}


@pytest.mark.parametrize("favorable", [0, 1])
def test_of_two_classes_the_threshold_decides_for_whichever_is_named(side, holdout, favorable):
    held = holdout.with_columns(race=pl.Series(races(holdout)))
    first = side("model/delay@1", holdout=held)
    score = first.bundle.task.answer(first.bundle.ask(held, "rows"), held.height)["score"]
    gate = {"gate": "group_fairness", "columns": ["race"], "favorable": favorable, "threshold": 0.8}
    (found,) = judge([gate_of(gate)], GateTrial(endpoint="delay", challenger=first))
    above = pl.Series(score > 0.8) == bool(favorable)
    wanted = [above.filter(held["race"] == name).mean() for name in "ab"]
    assert [each["value"] for each in found.numbers["groups"][0]["groups"]] == pytest.approx(wanted)


@pytest.mark.parametrize(("where", "passed"), [("1 < 2", True), ("true", True), ("1 > 2", False)])
def test_a_condition_that_reads_no_column_is_of_all_rows_or_none(side, holdout, where, passed):
    trial = GateTrial(endpoint="delay", challenger=side("model/delay@1", holdout=holdout))
    options = {"gate": "metric", "metric": "auc", "value": 0.5, "where": where, "slices": ["2 > 1"]}
    (found,) = judge([gate_of(options)], trial)
    assert found.passed is passed, found.reason
