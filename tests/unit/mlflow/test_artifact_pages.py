"""Files by the addresses of MLflow's web pages, and where a new version may come from."""

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient

from meguru.mlflow.artifacts.pages import MAX_UPLOAD
from meguru.mlflow.registry.routes import other_routes, root_routes
from meguru.server.access import Access
from meguru.tracking.run_ids import to_hex
from meguru.tracking.runs import start

API = "/ajax-api/2.0/mlflow"


@pytest.fixture
def client(workspace):
    routes = [*root_routes(), Mount("/ajax-api/2.0", routes=other_routes())]
    with TestClient(
        Access(Starlette(routes=routes), ws=workspace, auth=False), base_url="http://127.0.0.1"
    ) as opened:
        yield opened


@pytest.fixture
def run(workspace):
    return to_hex(start(workspace, experiment="tests").id)


def put(client, path, data=b"hello"):
    answer = client.put(f"/ajax-api/2.0/mlflow-artifacts/artifacts/{path}", content=data)
    assert answer.status_code == 200, answer.text


def upload(client, data=b"hello", **params):
    return client.post(f"{API}/upload-artifact", params=params, content=data)


def test_what_was_uploaded_by_a_page_comes_down_by_the_run(client, run):
    assert upload(client, run_uuid=run, path="a/b.txt").status_code == 200
    for key in ("run_id", "run_uuid"):
        assert client.get("/get-artifact", params={key: run, "path": "a/b.txt"}).content == b"hello"


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({}, "Request must specify run_uuid."),
        ({"run_uuid": "RUN"}, "Request must specify path."),
        ({"run_uuid": "RUN", "path": "../x"}, "Invalid path"),
        ({"run_uuid": "RUN", "path": "x", "data": b""}, "Request must specify data."),
        ({"run_uuid": "RUN", "path": "x", "data": b"x" * (MAX_UPLOAD + 1)}, "Artifact size is too large"),
    ],
)
def test_an_upload_that_is_not_as_it_must_be_is_refused(client, run, params, words):
    given = {key: run if value == "RUN" else value for key, value in params.items()}
    answer = upload(client, **given)
    assert (answer.status_code, answer.json()["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
    assert words in answer.json()["message"]


@pytest.mark.parametrize("path", ["../x", "/etc/passwd", "a/%2e%2e/b", "a\\..\\b", "a#b", "a/../b"])
def test_a_path_that_leaves_its_folder_is_refused_wherever_it_is_asked_for(client, run, path):
    for url, params in (
        ("/get-artifact", {"run_id": run, "path": path}),
        ("/model-versions/get-artifact", {"name": "m", "version": "1", "path": path}),
        (f"{API}/artifacts/list", {"run_id": run, "path": path}),
    ):
        answer = client.get(url, params=params)
        assert (answer.status_code, answer.json()["message"]) == (400, "Invalid path")


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.txt", "text/plain"),
        ("b.pkl", "application/octet-stream"),
        ("c.png", "image/png"),
        ("MLmodel", "text/plain"),
        ("page.html", "text/html"),
    ],
)
def test_a_download_is_an_attachment_of_the_type_that_its_name_tells(client, run, name, kind):
    upload(client, run_uuid=run, path=name)
    answer = client.get(
        "/get-artifact", params={"run_id": run, "path": name}, headers={"accept": "text/html"}
    )
    assert answer.headers["content-type"] == kind
    assert answer.headers["content-disposition"] == f"attachment; filename={name}"
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_name_that_a_header_can_not_hold_is_spelled_in_both_ways(client, run):
    upload(client, run_uuid=run, path='é "x".txt')
    shown = client.get("/get-artifact", params={"run_id": run, "path": 'é "x".txt'}).headers
    assert shown["content-disposition"] == (
        r"""attachment; filename="e \"x\".txt"; filename*=UTF-8''%C3%A9%20%22x%22.txt"""
    )


def test_a_file_of_a_logged_model_and_of_its_version_comes_down_by_their_own_addresses(client):
    model = client.post(f"{API}/logged-models", json={"experiment_id": "0"}).json()["model"]["info"]
    put(client, model["artifact_uri"].removeprefix("mlflow-artifacts:/") + "/MLmodel")
    client.post(f"{API}/registered-models/create", json={"name": "m"})
    body = {"name": "m", "source": model["artifact_uri"], "model_id": model["model_id"]}
    assert client.post(f"{API}/model-versions/create", json=body).status_code == 200
    files = f"{API}/logged-models/{model['model_id']}/artifacts/files"
    assert client.get(files, params={"artifact_file_path": "MLmodel"}).content == b"hello"
    asked = {"name": "m", "version": "1", "path": "MLmodel"}
    assert client.get("/model-versions/get-artifact", params=asked).content == b"hello"
    assert client.get("http://127.0.0.1//model-versions/get-artifact", params=asked).content == b"hello"
    assert client.get(files).json()["error_code"] == "BAD_REQUEST"
    shown = client.get(f"{API}/logged-models/{model['model_id']}").json()["model"]["info"]["tags"]
    assert shown == [{"key": "mlflow.modelVersions", "value": '[{"name": "m", "version": 1}]'}]


@pytest.mark.parametrize(
    ("source", "status"),
    [
        ("ROOT/model", 200),
        ("ROOT/model/..", 400),
        ("ROOT/%2e%2e/%2e%2e", 400),
        ("mlflow-artifacts:/models///", 200),
        ("http://host/api/2.0/mlflow-artifacts/artifacts/../x", 400),
        ("runs:/RUN/model", 200),
        ("runs:/", 400),
        ("runs://host/RUN/model", 400),
        ("models:/m-123", 404),
        ("/tmp/model", 400),
        ("file:///etc", 400),
        ("s3://bucket/../x", 400),
        ("s3://bucket/a%00", 400),
        ("s3://bucket/a//b", 200),
        ("ftp://host:8888/a/..%2f..%2fb", 400),
    ],
)
def test_the_source_of_a_version_is_no_path_of_a_disk_and_climbs_out_of_nothing(client, run, source, status):
    root = client.get(f"{API}/artifacts/list", params={"run_id": run}).json()["root_uri"]
    client.post(f"{API}/registered-models/create", json={"name": "m"})
    named = source.replace("ROOT", root).replace("RUN", run)
    body = {"name": "m", "source": named, "run_id": run}
    answer = client.post(f"{API}/model-versions/create", json=body)
    assert answer.status_code == status, answer.text
    if status == 400:
        assert "Invalid model version source" in answer.json()["message"]


@pytest.mark.parametrize(
    ("source", "owner", "status"),
    [
        ("mlflow-artifacts:/0/OTHER/artifacts/model", {"run_id": "RUN"}, 400),
        ("mlflow-artifacts:/0/RUN/artifacts/model", {}, 400),
        ("mlflow-artifacts:/0/RUN/artifacts/model", {"run_id": "none"}, 400),
        ("mlflow-artifacts:/0/%52UN/artifacts/model", {"run_id": "RUN"}, 200),
        ("mlflow-artifacts://host:1/0/OTHER/artifacts", {"run_id": "RUN"}, 400),
        ("http://host/api/2.0/mlflow-artifacts/artifacts/0/OTHER/artifacts/m", {"run_id": "RUN"}, 400),
        ("http://host/model", {"run_id": "RUN"}, 200),
        ("runs:/OTHER/model", {"run_id": "RUN"}, 400),
        ("runs:/RUN/model", {}, 200),
        ("runs:/elsewhere/model", {"run_id": "RUN"}, 200),
        ("mlflow-artifacts:/0/models/MODEL/artifacts", {"run_id": "RUN"}, 400),
        ("mlflow-artifacts:/0/models/MODEL/artifacts/a", {"model_id": "MODEL"}, 200),
        ("mlflow-artifacts:/0/RUN/artifacts/model", {"model_id": "MODEL"}, 400),
        ("models:/MODEL", {"model_id": "MODEL"}, 200),
        ("models:/m-0", {"model_id": "MODEL"}, 400),
        ("runs:/RUN/model", {"model_id": "MODEL", "run_id": "RUN"}, 400),
    ],
)
def test_the_source_of_a_version_is_in_the_folder_of_its_own_run_or_model(
    client, workspace, run, source, owner, status
):
    other = to_hex(start(workspace, experiment="tests").id)
    model = client.post(f"{API}/logged-models", json={"experiment_id": "0"}).json()["model"]["info"]
    named = {"RUN": run, "OTHER": other, "MODEL": model["model_id"], "%52UN": f"%{ord(run[0]):x}{run[1:]}"}
    client.post(f"{API}/registered-models/create", json={"name": "m"})
    for name, value in sorted(named.items(), reverse=True):
        source = source.replace(name, value)
    body = {"name": "m", "source": source, **{key: named.get(value, value) for key, value in owner.items()}}
    answer = client.post(f"{API}/model-versions/create", json=body)
    assert answer.status_code == status, answer.text
    if status == 400:
        assert "must identify the resource that contains the source" in answer.json()["message"]


def test_a_copy_of_a_version_has_its_run_and_no_other(client, run):
    for name in ("a", "b"):
        client.post(f"{API}/registered-models/create", json={"name": name})
    client.post(f"{API}/model-versions/create", json={"name": "a", "source": "s3://x/y", "run_id": run})
    copied = client.post(f"{API}/model-versions/create", json={"name": "b", "source": "models:/a/1"})
    assert copied.json()["model_version"]["run_id"] == run
    body = {"name": "b", "source": "models:/a/1", "run_id": "other"}
    assert client.post(f"{API}/model-versions/create", json=body).status_code == 400


def test_dots_and_doubled_slashes_of_a_path_name_the_same_file(client, run):
    put(client, f"1/{run}/artifacts/a//./12:30.png")
    for folder in (".", "./", ""):
        listed = client.get(f"{API}/artifacts/list", params={"run_id": run, "path": folder}).json()
        assert listed["files"] == [{"path": "a", "is_dir": True}]
    assert client.get("/get-artifact", params={"run_id": run, "path": "a/12:30.png"}).content == b"hello"


def test_presigned_addresses_are_refused_with_a_reason(client, run):
    for way in ("upload", "download"):
        answer = client.post(f"{API}/artifacts/presigned-{way}-url", json={"run_id": run, "path": "a"})
        assert (answer.status_code, answer.json()["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
        assert "not supported for proxied artifact storage" in answer.json()["message"]
