"""A version's groups by every criterion, and the parts of its holdout on which it is worse."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from meguru.cli.model_fairness import _toml
from meguru.errors import InvalidInput
from meguru.flavors.model import Model
from meguru.registry.client import add_model
from meguru.registry.fairness import fairness
from meguru.registry.slices import slices
from meguru.releases.gates.read import check_gates
from meguru.testing.models import make_flights, make_model, make_regression


@pytest.fixture(scope="module")
def model():
    held = make_flights(3000, seed=9)
    draw = np.random.default_rng(0)
    held = held.with_columns(sex=pl.Series(draw.choice(["f", "m"], 3000)), id=pl.int_range(3000))
    wrong = (held["sex"] == "f") & (held["wind"] > 0.5)
    return make_model(
        holdout=held.with_columns(late=pl.when(wrong).then(1 - pl.col("late")).otherwise("late"))
    )


def test_every_criterion_of_its_answers_is_told_by_group_with_intervals(workspace, model):
    add_model(workspace, "delay", model)
    assert fairness(workspace, ref="delay").columns == ["sex"]
    found = fairness(workspace, ref="delay@1", by=["sex", "hour"], cuts={"hour": [0]}, intersections=True)
    assert (found.ref, found.rows) == ("model/delay@1", 3000)
    told = {(each.criterion, *each.columns): each for each in found.comparisons}
    assert len(told) == 3 * 7
    opportunity = told["equal_opportunity", "sex"]
    assert opportunity.difference.verdict == "unfair"
    assert opportunity.ratio.value == pytest.approx(
        min(each.value for each in opportunity.difference.groups)
        / max(each.value for each in opportunity.difference.groups)
    )
    assert told["calibration", "sex"].ratio is None
    names = [each.group for each in told["demographic_parity", "sex", "hour"].difference.groups]
    assert names == ["f, below 0", "f, 0 or more", "m, below 0", "m, 0 or more"]
    with pytest.raises(InvalidInput, match="no column 'sx'"):
        fairness(workspace, ref="delay", by=["sx"])


def test_errors_of_numbers_have_a_limit_in_their_own_unit(workspace):
    add_model(workspace, "minutes", make_regression())
    found = fairness(workspace, ref="minutes", by=["hour"], cuts={"hour": [0]}, min_rows=20)
    assert [each.criterion for each in found.comparisons] == ["mean_error", "mae", "rmse"]
    assert found.comparisons[2].ratio.verdict == "fair"
    assert found.comparisons[0].difference.limit == pytest.approx(0.05, abs=0.005)


def test_where_it_is_worse_is_found_and_can_be_asked_of_the_next_version(workspace, model):
    add_model(workspace, "delay", model)
    found = slices(workspace, ref="delay")
    assert found.metric == "brier"
    assert found.columns == ["hour", "wind", "sex"]
    assert "sex == 'f'" in found.slices[0].condition
    assert "wind > " in found.slices[0].condition
    assert found.slices[0].low > 0.2
    assert found == slices(workspace, ref="delay")
    import tomllib

    gates = tomllib.loads("\n".join(_toml(found)))["gates"]
    assert [each["where"] for each in gates[:-1]] == [each.condition for each in found.slices[:5]]
    assert len(check_gates(gates)) == len(gates) + 1
    with pytest.raises(InvalidInput, match="no column 'x'"):
        slices(workspace, ref="delay", columns=["x"])


def test_without_a_holdout_nothing_is_told_and_the_reason_is(workspace, model):
    add_model(workspace, "bare", replace(model, holdout=None, label=""))
    for ask in (fairness, slices):
        with pytest.raises(InvalidInput, match="has no holdout"):
            ask(workspace, ref="bare")


def test_answers_that_no_criterion_compares_are_refused_in_words(workspace):
    from sklearn.linear_model import LinearRegression

    rows = pl.DataFrame({"hour": np.random.default_rng(0).normal(size=60)})
    rows = rows.with_columns(y=pl.concat_list(pl.col("hour"), 2 * pl.col("hour")))
    pair = LinearRegression().fit(rows.select("hour").to_numpy(), np.array(rows["y"].to_list()))
    example = rows.select("hour").head(3)
    add_model(workspace, "pair", Model(estimator=pair, example=example, holdout=rows, label="y"))
    with pytest.raises(InvalidInput, match="is a multioutput model"):
        fairness(workspace, ref="pair", by=["hour"], cuts={"hour": [0]})
