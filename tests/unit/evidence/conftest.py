from __future__ import annotations

from textwrap import dedent

import pytest

from meguru.app.open import open_local
from meguru.datasets.client import add_files
from meguru.evidence.export import export
from meguru.pipelines.runner import run_file
from meguru.registry.client import add_model
from meguru.releases.operations import check, create, promote
from meguru.serving.create import create as make_endpoint
from meguru.testing.models import make_model

GATE = {"gate": "metric", "metric": "auc", "op": ">=", "value": 0.1}
TRAIN = """
    from meguru import Dataset, Model, pipeline, step
    from meguru.testing.models import make_model

    @step
    def fit(rows: Dataset, seed: int) -> Model:
        print("fitted for anna@example.com, +81 90 1234 5678")
        return make_model(seed=seed)

    @pipeline(produces="delay")
    def train(rows: Dataset, seed: int = 0):
        return fit(rows, seed)
"""


def release(ws):
    make = create(ws, endpoint="delay", model="delay@1", app="abc")
    check(ws, release=make.ref)
    return promote(ws, release=make.ref)


@pytest.fixture(scope="session")
def released(tmp_path_factory):
    """Give a workspace with a release that is live."""
    folder = tmp_path_factory.mktemp("evidence")
    (folder / "rows.csv").write_text("name,b\nAnna,2\nBoris,4\n")
    with open_local(folder / "workspace") as ws:
        add_files(ws, "rows", folder / "rows.csv")
        make_endpoint(ws, name="delay", model="delay", gates=[GATE])
        add_model(ws, "delay", make_model(), used=["dataset/rows@1"])
        release(ws)
        yield ws


@pytest.fixture
def trained(tmp_path):
    """Give a workspace with a release whose model a pipeline made from a dataset."""
    (tmp_path / "rows.csv").write_text("name,b\nAnna,2\nBoris,4\n")
    (tmp_path / "train.py").write_text(dedent(TRAIN))
    with open_local(tmp_path / "workspace") as ws:
        add_files(ws, "rows", tmp_path / "rows.csv")
        make_endpoint(ws, name="delay", model="delay", gates=[GATE])
        run_file(ws, f"{tmp_path}/train.py:train", {"rows": "rows@latest"})
        release(ws)
        yield ws


@pytest.fixture(scope="session")
def pack(released):
    """Give the file of its evidence."""
    return export(released, release="delay@1").data
