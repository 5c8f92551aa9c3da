"""What a model of numbers loses where, learned from its holdout."""

import json

import numpy as np
import polars as pl
import pytest
from sklearn.ensemble import HistGradientBoostingRegressor

from meguru.errors import InvalidInput
from meguru.flavors.loss_training import learn_losses
from meguru.stats.estimates.direct_loss import LossModel
from meguru.stats.estimates.tables import table_of


def rows_of(n, seed, *, windy=0.3):
    draw = np.random.default_rng(seed)
    wind = draw.normal(windy, 1, n)
    carrier = draw.choice(["AA", "DL", "UA"], n)
    spread = np.exp(0.5 * wind) * np.where(carrier == "UA", 2.0, 1.0)
    error = draw.normal(size=n) * spread
    frame = pl.DataFrame({"wind": wind, "carrier": carrier, "_score": draw.normal(size=n)})
    return frame, error


@pytest.fixture(scope="module")
def learned():
    frame, error = rows_of(6000, 1)
    return learn_losses(frame, ["wind", "carrier"], "_score", error)


def test_errors_are_foretold_where_they_are_larger(learned):
    for windy in (0.3, 1.2):
        frame, error = rows_of(4000, 2, windy=windy)
        table = table_of(frame, learned.columns, learned.categories)
        mae, rmse = (learned.estimate(name, table, 4000) for name in ("mae", "rmse"))
        assert mae.estimate == pytest.approx(np.abs(error).mean(), rel=0.1)
        assert rmse.estimate == pytest.approx(np.sqrt(np.square(error).mean()), rel=0.15)
        assert mae.low < mae.estimate < mae.high


def test_trees_say_what_those_of_scikit_learn_say(learned):
    frame, error = rows_of(6000, 1)
    table = table_of(frame, learned.columns, learned.categories)
    table[::7, 0] = np.nan
    fitted = HistGradientBoostingRegressor(
        max_iter=40, max_leaf_nodes=16, learning_rate=0.15, early_stopping=False, random_state=0
    ).fit(table_of(frame, learned.columns, learned.categories), np.abs(error))
    assert learned.absolute.expected(table) == pytest.approx(fitted.predict(table), rel=1e-9)


def test_what_was_learned_travels_and_broken_trees_are_refused(learned):
    plain = json.loads(json.dumps(learned.to_dict()))
    again = LossModel.from_dict(plain)
    frame, _ = rows_of(500, 3)
    table = table_of(frame.with_columns(carrier=pl.lit("new")), learned.columns, learned.categories)
    assert again.absolute.expected(table) == pytest.approx(learned.absolute.expected(table), rel=1e-4)
    for field, value in (("left", [10**6]), ("missing_left", [0]), ("feature", [99]), ("value", "x")):
        broken = plain | {"absolute": plain["absolute"] | {field: value}}
        with pytest.raises(InvalidInput):
            LossModel.from_dict(broken)
    with pytest.raises(InvalidInput):
        LossModel.from_dict({})


def test_numbers_that_differ_in_their_last_digits_go_the_same_way_after_travel(learned):
    plain = learned.to_dict()
    plain["absolute"] |= {"threshold": [20_260_131.5 for _ in plain["absolute"]["threshold"]]}
    again = LossModel.from_dict(json.loads(json.dumps(LossModel.from_dict(plain).to_dict())))
    assert again.absolute.threshold[0] == 20_260_131.5


def test_nothing_is_learned_from_few_rows():
    frame, error = rows_of(999, 1)
    assert learn_losses(frame, ["wind"], "_score", error) is None
