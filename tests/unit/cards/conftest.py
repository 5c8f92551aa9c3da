"""One workspace for all that only reads: data with a personal column, two versions of a model, a release."""

from __future__ import annotations

import os
import shutil

os.environ.setdefault("OMP_NUM_THREADS", "1")

import polars as pl
import pytest

from meguru.app import open_workspace
from meguru.datasets.client import add_files
from meguru.datasets.kind import DatasetSpec
from meguru.datasets.operations import specs as datasets
from meguru.datasets.types import ColumnSpec
from meguru.registry.client import add_model
from meguru.releases import operations as releases
from meguru.serving import operations as endpoints
from meguru.testing.models import make_flights, make_model

SECRETS = ("Ann Smith", "Bob Jones")


def fill(workspace, folder):
    """Register data in which `wind` is personal, model versions made of it, and put the second one live."""
    rows = make_flights(40).with_columns(pl.Series("name", SECRETS * 20))
    file = folder / "flights.csv"
    rows.write_csv(file)
    tags = {"name": ColumnSpec(tags=["pii"]), "wind": ColumnSpec(tags=["sensitive"])}
    datasets.declare(workspace, name="flights", spec=DatasetSpec(columns=tags, owner="team-flights"))
    data = add_files(workspace, "flights", [file])
    for seed, columns in ((1, ("hour", "wind")), (2, ("hour", "wind", "gusts"))):
        add_model(workspace, "delay", make_model(seed=seed, columns=columns), used=[data.ref])
    gate = {"gate": "metric", "metric": "auc", "op": ">=", "value": 0.5}
    endpoints.create(workspace, name="delay", model="delay", gates=[gate])
    made = releases.create(workspace, endpoint="delay", model="delay@2")
    releases.check(workspace, release=made.ref)
    releases.promote(workspace, release=made.ref)


@pytest.fixture(scope="session")
def template(tmp_path_factory):
    """A closed workspace with all that, to be copied."""
    folder = tmp_path_factory.mktemp("cards")
    with open_workspace(folder / "ws", create=True) as workspace:
        fill(workspace, folder)
    return folder / "ws"


@pytest.fixture(scope="session")
def flights(template, tmp_path_factory):
    """One that nobody changes."""
    copied = shutil.copytree(template, tmp_path_factory.mktemp("read") / "ws")
    with open_workspace(copied, create=False) as workspace:
        yield workspace


@pytest.fixture
def own(template, tmp_path):
    """One of the test's own."""
    with open_workspace(shutil.copytree(template, tmp_path / "ws"), create=False) as workspace:
        yield workspace
