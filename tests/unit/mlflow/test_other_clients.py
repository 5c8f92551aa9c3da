"""What clients in R and Java, and those of MLflow 1, send otherwise than today's in Python."""

import json

import pytest

from .conftest import calling

API = "/api/2.0/mlflow"


@pytest.fixture
def http(workspace):
    with calling(workspace) as caller:
        yield caller.http


@pytest.fixture
def run(http):
    body = {"experiment_id": "0", "user_id": "r", "start_time": "1700000000000"}
    return answered(http.post(f"{API}/runs/create", json=body))["run"]["info"]["run_uuid"]


def answered(answer):
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.parametrize("prefix", ["/api/2.0/preview/mlflow", "/ajax-api/2.0/preview/mlflow"])
def test_rs_client_asks_below_preview(http, run, prefix):
    assert answered(http.get(f"{prefix}/runs/get", params={"run_id": run}))["run"]["info"]["run_id"] == run
    made = answered(http.post(f"{prefix}/registered-models/create", json={"name": "m"}))
    assert made["registered_model"]["name"] == "m"
    asked = {"run_id": run, "key": "a", "value": "1"}
    assert answered(http.post(f"{prefix}/runs/log-parameter", json=asked)) == {}
    assert answered(http.get(f"{prefix}/artifacts/list", params={"run_id": run}))["files"] == []
    missing = http.get(f"{prefix}/traces")
    assert (missing.status_code, missing.json()["error_code"]) == (404, "ENDPOINT_NOT_FOUND")


def test_rs_client_writes_every_value_as_a_text(http, run):
    point = {"run_uuid": run, "key": "auc", "value": "0.5", "timestamp": "1700000000001", "step": "3"}
    answered(http.post(f"{API}/runs/log-metric", json=point))
    many = {"run_id": run, "metrics": [{**point, "step": "4"}], "params": [], "tags": []}
    answered(http.post(f"{API}/runs/log-batch", json=many))
    asked = {"run_uuid": run, "run_id": run, "metric_key": "auc"}
    points = answered(http.get(f"{API}/metrics/get-history", params=asked))["metrics"]
    assert [each["step"] for each in points] == [3, 4]
    found = http.post(f"{API}/runs/search", json={"experiment_ids": ["0"], "max_results": "5"})
    assert len(answered(found)["runs"]) == 1
    answered(http.post(f"{API}/registered-models/create", json={"name": "m"}))
    for _ in range(2):
        answered(http.post(f"{API}/model-versions/create", json={"name": "m", "source": "s3://b/m"}))
    for version in ("1", "2"):
        body = {"name": "m", "version": version, "stage": "Staging", "archive_existing_versions": "TRUE"}
        answered(http.post(f"{API}/model-versions/transition-stage", json=body))
    newest = {"name": "m", "stages": ["Staging", "Archived"]}
    for answer in (
        http.get(f"{API}/registered-models/get-latest-versions", params=newest),
        http.post(f"{API}/registered-models/get-latest-versions", json=newest),
    ):
        stages = {each["version"]: each["current_stage"] for each in answered(answer)["model_versions"]}
        assert stages == {"1": "Archived", "2": "Staging"}
    wrong = {"name": "m", "version": "1", "stage": "Staging", "archive_existing_versions": "maybe"}
    assert http.post(f"{API}/model-versions/transition-stage", json=wrong).status_code == 400


@pytest.mark.parametrize("key", ["run_id", "run_uuid"])
def test_a_run_has_two_names_in_every_call(http, run, key):
    for path, body in (
        ("log-metric", {"key": "m", "value": 1, "timestamp": 1}),
        ("log-parameter", {"key": "p", "value": "1"}),
        ("set-tag", {"key": "t", "value": "1"}),
        ("delete-tag", {"key": "t"}),
        ("update", {"status": "FINISHED", "end_time": "1700000000002"}),
    ):
        if path == "delete-tag" and key == "run_uuid":
            continue  # the protocol has it by one name only
        answered(http.post(f"{API}/runs/{path}", json={key: run, **body}))
    assert answered(http.get(f"{API}/runs/get", params={key: run}))["run"]["info"]["status"] == "FINISHED"
    assert answered(http.get(f"{API}/artifacts/list", params={key: run, "page_token": ""}))["files"] == []


def test_a_body_may_be_encoded_twice(http, run):
    for path, body in (
        ("experiments/create", {"name": "R"}),
        ("runs/set-tag", {"run_uuid": run, "key": "t", "value": "1"}),
        ("runs/log-metric", {"run_id": run, "key": "m", "value": 1, "timestamp": 1}),
        ("runs/log-batch", {"run_id": run, "metrics": [], "params": [], "tags": []}),
        ("registered-models/create", {"name": "m"}),
        ("runs/search", {"experiment_ids": ["0"]}),
    ):
        answered(http.post(f"{API}/{path}", content=json.dumps(json.dumps(body))))


def test_a_get_may_have_its_arguments_in_its_body(http, run):
    answered(http.post(f"{API}/registered-models/create", json={"name": "m"}))
    answered(http.post(f"{API}/model-versions/create", json={"name": "m", "source": "s3://b/m"}))
    for path, body in (
        ("runs/get", {"run_id": run}),
        ("experiments/get", {"experiment_id": "0"}),
        ("metrics/get-history", {"run_id": run, "metric_key": "a"}),
        ("artifacts/list", {"run_id": run}),
        ("registered-models/get", {"name": "m"}),
        ("registered-models/get-latest-versions", {"name": "m", "stages": ["None"]}),
        ("model-versions/get", {"name": "m", "version": "1"}),
        ("model-versions/get-download-uri", {"name": "m", "version": "1"}),
        ("model-versions/search", {"filter": "name = 'm'", "max_results": 5}),
    ):
        answered(http.request("GET", f"{API}/{path}", json=body))
    broken = http.request("GET", f"{API}/runs/get", content=b"{")
    assert (broken.status_code, broken.json()["error_code"]) == (400, "BAD_REQUEST")


def test_clients_of_mlflow_1_list_experiments_and_models(http):
    for name in ("a", "b", "c"):
        answered(http.post(f"{API}/registered-models/create", json={"name": name}))
    names, token = [], ""
    while token is not None:
        asked = {"max_results": "2", "page_token": token}
        page = answered(http.get(f"{API}/registered-models/list", params=asked))
        names += [each["name"] for each in page["registered_models"]]
        token = page.get("next_page_token")
    assert names == ["a", "b", "c"]
    answered(http.post(f"{API}/experiments/create", json={"name": "gone"}))
    answered(http.post(f"{API}/experiments/delete", json={"experiment_id": "1"}))
    for view, count in (("ACTIVE_ONLY", 1), ("DELETED_ONLY", 1), ("ALL", 2)):
        listed = answered(http.get(f"{API}/experiments/list", params={"view_type": view}))
        assert len(listed["experiments"]) == count


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/2.0/mlflow/traces"),
        ("GET", "/api/3.0/mlflow/traces/tr-1"),
        ("POST", "/api/3.0/mlflow/traces/search"),
        ("GET", "/api/3.0/mlflow/scorers/list"),
        ("POST", "/api/3.0/mlflow/datasets/create"),
        ("GET", "/api/2.0/mlflow/gateway/endpoints"),
        ("DELETE", "/ajax-api/3.0/mlflow/gateway/secrets/1"),
    ],
)
def test_what_is_not_supported_is_told_in_the_protocols_words(http, method, path):
    answer = http.request(method, path, json={})
    assert (answer.status_code, answer.json()["error_code"]) == (404, "ENDPOINT_NOT_FOUND")
    assert "not supported here" in answer.json()["message"]
