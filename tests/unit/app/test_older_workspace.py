"""A workspace as a version of before left it: opened, brought up to date, and everything in it goes on.

The file was made by Meguru at schema 0020 as a user would: `meguru init`, two runs of its pipeline, a dataset
that grew, an endpoint with a gate, two releases and a rollback, a monitor, triggers, a pool, people with a
token, a tracked run, and what MLflow's client left through a server: a run, a registered model, an alias.
"""

import tarfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from meguru.app.nouns import load_operations
from meguru.app.open import open_local
from meguru.artifacts.lineage import show as lineage
from meguru.artifacts.log import list_events
from meguru.artifacts.why import show as why
from meguru.audit.verify import verify
from meguru.base.clock import Clock
from meguru.datasets.show import show as show_dataset
from meguru.governance.admission import authenticate
from meguru.kernel.projects import store as projects
from meguru.monitoring.kind import MonitorSpec
from meguru.monitoring.operations import specs as monitors
from meguru.predictions.operations import show as show_prediction
from meguru.registry.show import list_models
from meguru.registry.show import show as show_model
from meguru.releases.show import list_releases
from meguru.server.asgi import build
from meguru.serving.kind import EndpointSpec
from meguru.serving.operations import show as show_endpoint
from meguru.serving.operations import specs as endpoints
from meguru.tracking.show import list_experiments
from meguru.triggers.operations import list_triggers
from meguru.triggers.operations import specs as triggers

load_operations()
FILE = Path(__file__).with_name("workspace_0020.tar.xz")
SECRET = "mgr_5AdoxjNKG5vDp3xq3rND6niUW4Q_1fd5BG5iG4vCv-s"
MLFLOW_RUN = "01a223ba62aca2a4a60a6346c4b0e5cb"
PREDICTION = "pred-01m8hvmt0x91e1wfb6ydmryf3s.0"
GATES = [{"gate": "metric", "metric": "auc", "op": ">=", "value": 0.8}]


class LaterThatDay(Clock):
    """The token in the file is of that day; a test has to pass in later years."""

    def now(self):
        return datetime(2026, 11, 28, 23, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def older(tmp_path_factory):
    folder = tmp_path_factory.mktemp("older")
    with tarfile.open(FILE) as packed:
        packed.extraction_filter = getattr(tarfile, "data_filter", None)  # from 3.11.4 on
        packed.extractall(folder)
    with open_local(folder / ".meguru", clock=LaterThatDay()) as ws:
        yield ws


def test_its_log_is_intact_and_goes_on(older):
    assert verify(older).intact
    assert {each.project for each in list_events(older, limit=500).items} == {""}


def test_its_names_and_references_are_what_they_were(older):
    assert {each.name for each in list_models(older).items} == {"shop", "resnet"}
    assert show_model(older, ref="model/shop@2").metrics["auc"] == pytest.approx(0.9949, abs=1e-4)
    assert show_dataset(older, ref="dataset/sales@2").rows == 3
    assert show_prediction(older, id=PREDICTION)
    assert {"tries", "churn/lightgbm"} <= {each.name for each in list_experiments(older).items}


def test_mlflows_ids_and_addresses_are_what_they_were(older):
    with TestClient(build(older, auth=True), base_url="http://127.0.0.1") as http:
        http.headers["Authorization"] = f"Bearer {SECRET}"
        found = http.get("/api/2.0/mlflow/runs/get", params={"run_id": MLFLOW_RUN}).json()["run"]
        assert (found["info"]["run_name"], found["info"]["experiment_id"]) == ("by mlflow", "2")
        assert found["data"]["metrics"][0]["value"] == 0.8
        held = {"name": "resnet", "alias": "candidate"}
        assert http.get("/api/2.0/mlflow/registered-models/alias", params=held).json()["model_version"]
        file = {"run_uuid": MLFLOW_RUN, "path": "notes/a.txt"}
        assert http.get("/get-artifact", params=file).content == b"hello"


def test_what_is_live_there_is_explained_as_before(older):
    assert show_endpoint(older, name="shop").endpoint.live.model_ref == "model/shop@1"
    assert [each.version for each in list_releases(older, endpoint="shop").items] == [2, 1]
    assert any(link.type == "release.rolled_back" for link in why(older, ref="endpoint/shop").chain)
    assert lineage(older, ref="model/shop@1")


def test_its_people_are_let_in_as_before(older):
    anna = authenticate(older, SECRET)
    assert (anna.name, anna.grants) == ("anna", {})
    assert anna.allows("monitor:write", "")
    assert not anna.allows("principal:write", "")
    with older.read() as tx:
        assert projects.page(tx, None) == []


def test_what_was_declared_there_can_now_be_changed(older):
    same = EndpointSpec(model="shop", gates=GATES)
    assert endpoints.declare(older, name="shop", spec=same).change == "unchanged"
    changed = endpoints.declare(older, name="shop", spec=EndpointSpec(model="shop", description="benign?"))
    assert {each.field for each in changed.fields} == {"gates", "description"}
    watch = MonitorSpec(endpoint="shop", min_rows=50)
    # What a monitor checks and rings on by default is more than it was then, and has to last.
    fields = {each.field for each in monitors.declare(older, name="shop-watch", spec=watch).fields}
    assert fields == {"checks", "alert_on", "min_rows", "seasons", "persist", "recover"}
    assert [each.name for each in list_triggers(older)] == ["again", "nightly"]
    assert {each.declared_by for each in list_triggers(older)} == {"local"}
    assert triggers.retire(older, name="nightly").change == "retired"
    assert verify(older).intact
