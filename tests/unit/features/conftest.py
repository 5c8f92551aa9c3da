"""A small project with two views, and what is done with it."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import polars as pl
import pytest

from meguru.app.kinds import all_kinds
from meguru.project.plan_apply import apply_plan, plan_project
from meguru.project.read import read_project

HEAD = """
[project]
name = "flights"
[dataset.obs]
files = ["obs.csv"]
[dataset.planes]
files = ["planes.csv"]
"""
FEATURES = """
import polars as pl
from meguru import Entity, FeatureService, FeatureView, feature_view, on_demand

origin = Entity("origin", key="origin", description="an airport")
tail = Entity("tail", key="tailnum")

@feature_view(entity=origin, source="obs", time="at", ttl="3h", owner="ann")
def weather(obs: pl.DataFrame) -> pl.DataFrame:
    return obs.with_columns(warm=pl.col("temp") > 2)

plane = FeatureView("plane", entity=tail, source="planes")

@on_demand(inputs=[plane["seats"]], request={"km": "Float64"}, features={"load": "Float64"}, mode="row")
def load(row):
    return {"load": None if row["seats"] is None else row["seats"] * row["km"]}

delay = FeatureService("delay", views=[weather, plane["year"], load])
"""
OBS = """origin,at,temp
JFK,2013-01-01T00:00:00Z,1.0
JFK,2013-01-01T02:00:00Z,3.0
LGA,2013-01-01T01:00:00Z,5.0
"""
PLANES = "tailnum,year,seats\nN1,2000,100\nN2,2010,200\n"


class FlightsFolder:
    """The project's folder, and the workspace it is applied to."""

    def __init__(self, root: Path, ws) -> None:
        self.root, self.ws = root, ws
        for name, text in (("meguru.toml", HEAD), ("features.py", FEATURES), ("obs.csv", OBS)):
            self.write(name, text)
        self.write("planes.csv", PLANES)

    def write(self, name: str, text: str) -> None:
        (self.root / name).write_text(dedent(text))

    def edit(self, name: str, old: str, new: str) -> None:
        text = (self.root / name).read_text()
        assert old in text
        (self.root / name).write_text(text.replace(old, new))

    def read(self):
        return read_project(self.root / "meguru.toml")

    def plan(self):
        return {each.ref: each for each in plan_project(self.ws, self.read()).actions}

    def apply(self):
        file = self.read()
        apply_plan(self.ws, plan_project(self.ws, file), file)
        return self


@pytest.fixture
def folder(tmp_path, workspace):
    all_kinds()
    root = tmp_path / "project"
    root.mkdir()
    return FlightsFolder(root, workspace)


@pytest.fixture
def flights():
    return pl.DataFrame(
        {
            "origin": ["JFK", "LGA", "JFK", "EWR", None],
            "tailnum": ["N1", "N2", "N9", None, "N1"],
            "at": ["2013-01-01T01:00:00Z", "2013-01-01T01:30:00Z", "2013-01-01T05:00:01Z", None, None],
            "km": [10.0, 20.0, 30.0, 40.0, 50.0],
        }
    )
