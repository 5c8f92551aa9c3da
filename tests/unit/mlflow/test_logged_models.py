"""Logged models: what a run saved, its files, its parameters and tags, and where it was registered."""

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient

from meguru.flavors.bundle_writer import save_bundle
from meguru.kernel import events
from meguru.mlflow.logged_models.points import ModelPoint
from meguru.mlflow.logged_models.points import add as add_points
from meguru.mlflow.registry.routes import other_routes
from meguru.mlflow.tracking.experiment_operations import create as create_experiment
from meguru.registry.show import show
from meguru.server.access import Access
from meguru.testing.models import make_model
from meguru.tracking.run_ids import to_hex
from meguru.tracking.runs import start

API = "/api/2.0/mlflow"
MODELS = f"{API}/logged-models"
PROXY = "/api/2.0/mlflow-artifacts/artifacts"


@pytest.fixture
def client(workspace):
    assert [create_experiment(workspace, name=name) for name in ("one", "two")] == [1, 2]
    app = Access(Starlette(routes=[Mount("/api/2.0", routes=other_routes())]), ws=workspace, auth=False)
    with TestClient(app, base_url="http://127.0.0.1") as opened:
        yield opened


def create(client, name="model", **more):
    answer = client.post(MODELS, json={"experiment_id": "1", "name": name, **more})
    assert answer.status_code == 200, answer.text
    return answer.json()["model"]["info"]


def put(client, info, name, content):
    path = info["artifact_uri"].removeprefix("mlflow-artifacts:/")
    assert client.put(f"{PROXY}/{path}/{name}", content=content).status_code == 200


def test_a_model_is_pending_until_it_is_finished(client):
    info = create(client, model_type="classifier", params=[{"key": "p", "value": "1"}])
    assert info["status"] == "LOGGED_MODEL_PENDING"
    assert info["artifact_uri"] == f"mlflow-artifacts:/1/models/{info['model_id']}/artifacts"
    done = client.patch(f"{MODELS}/{info['model_id']}", json={"status": "LOGGED_MODEL_READY"}).json()["model"]
    assert done["info"]["status"] == "LOGGED_MODEL_READY"
    assert client.get(f"{MODELS}/{info['model_id']}").json()["model"] == done
    assert done["data"]["params"] == [{"key": "p", "value": "1"}]


def test_finishing_tells_which_files_it_holds(client, workspace):
    run = start(workspace, experiment="tests").id
    info = create(client, source_run_id=to_hex(run))
    put(client, info, "MLmodel", b"x")
    client.patch(f"{MODELS}/{info['model_id']}", json={"status": 2})
    with workspace.read() as tx:
        told = events.read(tx, after=0, limit=100, subject=f"logged_model/{info['model_id']}")
    assert [each.type for each in told] == ["logged_model.created", "logged_model.finished"]
    assert list(told[0].used) == [f"run/{run}"]
    assert told[1].data["files"] == 1


def test_its_files_are_listed_from_its_root(client):
    info = create(client)
    for name in ("MLmodel", "data/x"):
        put(client, info, name, b"x")
    url = f"{MODELS}/{info['model_id']}/artifacts/directories"
    listed = client.get(url).json()
    assert [each["path"] for each in listed["files"]] == ["MLmodel", "data"]
    assert listed["root_uri"] == info["artifact_uri"]
    within = client.get(url, params={"artifact_directory_path": "data"}).json()
    assert [each["path"] for each in within["files"]] == ["data/x"]
    assert client.get(url, params={"artifact_directory_path": "../x"}).status_code == 400


def test_tags_change_and_params_do_not(client):
    url = f"{MODELS}/{create(client)['model_id']}"
    client.patch(f"{url}/tags", json={"tags": [{"key": "a/b", "value": "1"}, {"key": "c", "value": "2"}]})
    assert client.delete(f"{url}/tags/a/b").json() == {}
    assert client.get(url).json()["model"]["info"]["tags"] == [{"key": "c", "value": "2"}]
    assert client.delete(f"{url}/tags/a/b").status_code == 404
    for value, status in (("1", 200), ("1", 200), ("2", 400)):
        body = {"params": [{"key": "p", "value": value}]}
        assert client.post(f"{url}/params", json=body).status_code == status


def test_a_deleted_model_is_only_shown_when_asked_for(client):
    url = f"{MODELS}/{create(client)['model_id']}"
    assert client.delete(url).json() == {}
    assert client.get(url).json()["error_code"] == "RESOURCE_DOES_NOT_EXIST"
    assert client.get(url, params={"allow_deleted": "true"}).status_code == 200


@pytest.mark.parametrize(
    ("filter", "expected"),
    [
        ("", ["b", "a"]),
        ("name = 'a'", ["a"]),
        ("params.p = '1'", ["a"]),
        ("tags.t != '1' AND name LIKE '%'", []),
        ("status = 'PENDING' AND source_run_id IN ('none')", []),
        ("metrics.m > 0", []),
    ],
)
def test_models_are_searched(client, filter, expected):
    create(client, "a", params=[{"key": "p", "value": "1"}])
    create(client, "b", tags=[{"key": "t", "value": "1"}])
    order = [{"field_name": "name", "ascending": False}]
    body = {"experiment_ids": ["1"], "filter": filter, "order_by": order}
    answer = client.post(f"{MODELS}/search", json=body)
    assert answer.status_code == 200, answer.text
    assert [each["info"]["name"] for each in answer.json().get("models", [])] == expected


def measure(workspace, model, value, *, step, dataset=""):
    run = start(workspace, experiment="one").id
    point = ModelPoint(model["model_id"], "acc", step, step, value, dataset, "g" if dataset else "")
    with workspace.db.write() as tx:
        add_points(tx, run, [point])


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"filter": "metrics.acc > 0.8"}, ["b", "a"]),
        ({"filter": "metrics.acc > 0.8 AND metrics.acc < 0.6"}, ["a"]),
        ({"datasets": [{"dataset_name": "d"}]}, ["a"]),
        ({"datasets": [{"dataset_name": "d", "dataset_digest": "other"}]}, []),
        ({"datasets": [{"dataset_name": "d"}], "filter": "metrics.acc > 0.6"}, []),
        ({"order_by": [{"field_name": "metrics.acc"}]}, ["b", "a", "c"]),
        ({"order_by": [{"field_name": "metrics.acc", "ascending": False}]}, ["a", "b", "c"]),
        ({"order_by": [{"field_name": "metrics.acc", "dataset_name": "d"}]}, ["a", "c", "b"]),
        ({"order_by": [{"field_name": "name", "ascending": False}]}, ["c", "b", "a"]),
    ],
)
def test_models_are_found_by_what_was_measured_of_them(client, workspace, body, expected):
    a, b, _ = (create(client, name) for name in "abc")
    measure(workspace, a, 0.5, step=1, dataset="d")
    measure(workspace, a, 0.95, step=2)
    measure(workspace, b, 0.9, step=1)
    found = client.post(f"{MODELS}/search", json={"experiment_ids": ["1"], **body})
    assert found.status_code == 200, found.text
    assert [each["info"]["name"] for each in found.json()["models"]] == expected


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("", {}),
        ("", {"experiment_id": "1", "name": "a/b"}),
        ("", {"experiment_id": "1", "params": "x"}),
        ("/search", {}),
        ("/search", {"experiment_ids": ["1"], "order_by": ["name"]}),
        ("/search", {"experiment_ids": ["1"], "page_token": "é"}),
    ],
)
def test_what_is_wrong_is_refused(client, path, body):
    answer = client.post(MODELS + path, json=body)
    assert (answer.status_code, answer.json()["error_code"]) == (400, "INVALID_PARAMETER_VALUE")


def test_a_logged_model_becomes_a_version_with_its_run_and_its_model(client, workspace, tmp_path):
    run = start(workspace, experiment="tests").id
    info = create(client, source_run_id=to_hex(run))
    save_bundle(make_model(), tmp_path / "model")
    for path in (tmp_path / "model").iterdir():
        put(client, info, path.name, path.read_bytes())
    client.post(f"{API}/registered-models/create", json={"name": "delay"})
    body = {"name": "delay", "source": f"models:/{info['model_id']}", "model_id": info["model_id"]}
    made = client.post(f"{API}/model-versions/create", json=body).json()["model_version"]
    assert (made["run_id"], made["model_id"]) == (to_hex(run), info["model_id"])
    ours = show(workspace, ref="delay@1")
    assert (ours.run_ref, ours.used) == (f"run/{run}", [f"logged_model/{info['model_id']}"])
    shown = client.get(f"{MODELS}/{info['model_id']}").json()["model"]["info"]
    assert shown["registrations"] == [{"name": "delay", "version": "1"}]
