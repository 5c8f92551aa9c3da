"""A parameter of type `Features`: pinned when the run starts, in its lineage, and in the key of the step."""

from __future__ import annotations

import polars as pl
import pytest

from meguru.app import calls
from meguru.compute.features_param import Features
from meguru.errors import InvalidInput, NotFound
from meguru.features.client import open_features
from meguru.kernel.principals import Principal
from meguru.pipelines.runner import run_file
from meguru.pipelines.start import start

TRAIN = """
import polars as pl
from sklearn.linear_model import LinearRegression
from meguru import Dataset, Features, Model, pipeline, step

@step
def fit(flights: Dataset, features: Features) -> Model:
    table = features.join(flights.frame(), time="at").drop_nulls(["temp", "year"])
    X = table.select("temp", "year").to_pandas()
    return Model(estimator=LinearRegression().fit(X, table["late"].to_numpy()), example=X)

@pipeline(produces="late")
def train(flights: Dataset = "flights", features: Features = "delay"):
    return fit(flights, features)
"""
FLIGHTS = """origin,tailnum,at,km,late
JFK,N1,2013-01-01T01:00:00Z,10,1
LGA,N2,2013-01-01T01:30:00Z,20,0
JFK,N2,2013-01-01T02:30:00Z,30,1
"""


def test_a_run_pins_what_it_takes_and_its_model_is_told_of_by_the_plan(folder):
    folder.write("flights.csv", FLIGHTS)
    folder.write("train.py", TRAIN)
    folder.write(
        "meguru.toml",
        (folder.root / "meguru.toml").read_text() + '[dataset.flights]\nfiles = ["flights.csv"]\n',
    )
    ws = folder.apply().ws
    done = run_file(ws, f"{folder.root}/train.py:train", {})
    assert done.failed is None
    assert (done.state, done.produced) == ("succeeded", ["model/late@1"])
    assert done.pinned["features"].ref == "feature_service/delay@1"
    used = {each.source for each in calls.lineage_show(ws, ref="model/late@1", direction="up").edges}
    assert {"feature_view/weather@1", "feature_view/plane@1", "dataset/obs@1", "dataset/planes@1"} <= used
    impact = calls.feature_view_impact(ws, name="weather")
    assert (impact.services, impact.models) == (["feature_service/delay"], ["model/late@1"])
    again = run_file(ws, f"{folder.root}/train.py:train", {})
    assert (again.ran, again.cached) == (0, 1)
    named = {"features": "weather,plane:year"}
    begun = start(ws, pipeline="train", params=named)
    assert begun.pinned["features"].ref == "feature_view/weather@1"
    with pytest.raises(NotFound, match="'wether'"):
        start(ws, pipeline="train", params={"features": "wether"})
    assert start(ws, pipeline="train", params={"features": "plane"}).pinned["features"].uses == [
        "feature_view/plane@1",
        "dataset/planes@1",
    ]
    folder.edit("features.py", "> 2", "> 4")
    told = folder.plan()["feature_view/weather"].touches
    assert told[1].startswith("model/late@1 were trained with it")
    folder.apply()
    changed = run_file(ws, f"{folder.root}/train.py:train", {})
    assert (changed.ran, changed.pinned["features"].ref) == (1, "feature_service/delay@2")


def test_a_step_is_tested_with_what_it_would_get(folder, flights):
    ws = folder.apply().ws
    features = open_features(ws, "delay")
    assert features.views[0] == "feature_view/weather@1"
    assert features.join(flights, time="at")["temp"].to_list() == [1.0, 5.0, None, None, None]


def test_before_a_run_there_is_nothing_to_read():
    from meguru import Features

    with pytest.raises(InvalidInput, match="is not pinned to versions yet"):
        Features("delay").join({"origin": ["JFK"]})


def test_a_run_sees_personal_columns_only_if_who_starts_it_may(folder):
    folder.write("flights.csv", FLIGHTS)
    folder.write("train.py", TRAIN)
    said = '[dataset.flights]\nfiles = ["flights.csv"]\n[dataset.planes.columns]\nyear = { tags = ["pii"] }\n'
    folder.write("meguru.toml", (folder.root / "meguru.toml").read_text() + said)
    ws = folder.apply().ws
    run_file(ws, f"{folder.root}/train.py:train", {})

    def years(*rights):
        may = frozenset({"*:read", "pipeline_run:*", "pipeline:*", *rights})
        door = ws.with_(principal=Principal(name="ann", permissions=may))
        pinned = start(door, pipeline="train", params={"features": "plane"}).pinned["features"]
        features = Features(
            pinned.ref, digest=pinned.digest, blobs=ws.blobs, folder=str(folder.root / "rows")
        )
        return features.join(pl.DataFrame({"tailnum": ["N1"]}))["year"].to_list()

    assert years("dataset:clear") == [2000]
    assert years() not in ([2000], [None])
    folder.edit("meguru.toml", "year = {", "tailnum = {")
    folder.apply()
    with pytest.raises(InvalidInput, match="'tailnum' of feature_view/plane@1 is a personal column"):
        years()
