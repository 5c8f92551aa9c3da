"""MLflow's own client on a real server: models, versions, aliases, files, logged models, webhooks."""

import json
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from queue import Queue

import pytest
import requests

mlflow = pytest.importorskip("mlflow")

from mlflow.entities.webhook import WebhookAction, WebhookEntity, WebhookEvent  # noqa: E402
from mlflow.exceptions import MlflowException  # noqa: E402


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    """Give the URL of a server whose webhooks may call this machine."""
    folder = tmp_path_factory.mktemp("server")
    command = [sys.executable, "-m", "meguru", "up", "--workspace", str(folder / "w"), "--port", "0"]
    environment = {"MEGURU_WEBHOOK_PRIVATE": "true"}
    with subprocess.Popen(
        [*command, "--exit-with-parent"],
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | environment,
    ) as process:
        line = next(line for line in process.stderr if "http://" in line)
        yield "http://" + line.split("http://")[1].strip()
        process.kill()
        process.communicate()


@pytest.fixture
def client(url):
    return mlflow.MlflowClient(tracking_uri=url, registry_uri=url)


@pytest.fixture
def run(client):
    return client.create_run("0")


@pytest.fixture
def calls():
    """Take the calls of webhooks; give their URL and a queue of what they told."""
    told = Queue()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            told.put((dict(self.headers), self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/", told
    server.shutdown()
    server.server_close()
    thread.join()


def test_files_of_a_run_go_up_and_come_down_as_they_were(client, run, tmp_path):
    (tmp_path / "up" / "deep").mkdir(parents=True)
    contents = {"a.txt": b"one", "deep/ü 1:2.bin": bytes(range(256)) * 5000}
    for name, data in contents.items():
        (tmp_path / "up" / name).write_bytes(data)
    client.log_artifacts(run.info.run_id, str(tmp_path / "up"), "all")
    assert [each.path for each in client.list_artifacts(run.info.run_id, "all")] == ["all/a.txt", "all/deep"]
    down = client.download_artifacts(run.info.run_id, "all", str(tmp_path))
    for name, data in contents.items():
        assert (tmp_path / down / name).read_bytes() == data


def test_a_version_is_made_described_tagged_pointed_at_found_and_deleted(client, run):
    client.create_registered_model("flow", tags={"team": "a"}, description="first")
    made = client.create_model_version("flow", f"{run.info.artifact_uri}/model", run.info.run_id)
    client.update_model_version("flow", made.version, "better")
    client.set_model_version_tag("flow", made.version, "k", "v")
    client.set_registered_model_alias("flow", "champion", made.version)
    found = client.get_model_version_by_alias("flow", "champion")
    assert (found.description, found.tags, found.aliases) == ("better", {"k": "v"}, ["champion"])
    assert [each.name for each in client.search_registered_models("tags.team = 'a'")] == ["flow"]
    assert len(client.search_model_versions(f"run_id = '{run.info.run_id}' AND tags.k = 'v'")) == 1
    copied = client.copy_model_version("models:/flow@champion", "flow-copy")
    assert copied.run_id == run.info.run_id
    client.delete_model_version("flow", made.version)
    with pytest.raises(MlflowException, match="not found"):
        client.get_model_version_by_alias("flow", "champion")
    client.delete_registered_model("flow")


def test_a_logged_model_has_files_metrics_and_a_version(client, run):
    model = client.create_logged_model("0", "net", source_run_id=run.info.run_id, params={"p": "1"})
    client.log_metric(run.info.run_id, "acc", 0.9, model_id=model.model_id)
    client.finalize_logged_model(model.model_id, "READY")
    client.create_registered_model("net")
    client.create_model_version("net", f"models:/{model.model_id}", run.info.run_id, model_id=model.model_id)
    found = client.search_logged_models(["0"], "metrics.acc > 0.8 AND params.p = '1'")
    assert [each.model_id for each in found] == [model.model_id]
    assert json.loads(found[0].tags["mlflow.modelVersions"]) == [{"name": "net", "version": 1}]


def test_a_webhook_is_called_by_a_running_server_and_can_be_checked(client, calls):
    address, told = calls
    event = WebhookEvent(WebhookEntity.REGISTERED_MODEL, WebhookAction.CREATED)
    hook = client.create_webhook("hook", address, [event], secret="a secret")
    assert client.test_webhook(hook.webhook_id).success
    assert json.loads(told.get(timeout=60)[1])["data"]["name"] == "example_model"
    client.create_registered_model("watched", description="d")
    headers, body = told.get(timeout=60)
    assert json.loads(body)["data"] == {"name": "watched", "tags": {}, "description": "d"}
    assert headers["X-MLflow-Signature"].startswith("v1,")
    client.delete_webhook(hook.webhook_id)
    assert client.list_webhooks() == []


def test_what_is_not_there_is_told_so_that_the_client_shows_it(client):
    from mlflow.tracing.client import TracingClient

    with pytest.raises(MlflowException, match="is not supported here"):
        TracingClient(client.tracking_uri).search_traces(["0"])
    with pytest.raises(MlflowException, match="nothing"):
        client.get_registered_model("nothing")


@pytest.mark.parametrize("forced", [True, False])
def test_a_large_file_goes_up_in_parts_and_comes_down_in_ranges(client, run, tmp_path, monkeypatch, forced):
    """The client sends parts because the server says it takes them, or because it is told to."""
    monkeypatch.setenv("MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE", "1000")
    monkeypatch.setenv("MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE", "300000")
    monkeypatch.setenv("MLFLOW_MULTIPART_DOWNLOAD_CHUNK_SIZE", "200000")
    if forced:
        monkeypatch.setenv("MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD", "true")
        monkeypatch.setenv("MLFLOW_ENABLE_PROXY_MULTIPART_DOWNLOAD", "true")
    data = os.urandom(1_000_001)
    (tmp_path / "big file.bin").write_bytes(data)
    sent = []
    put = requests.put
    monkeypatch.setattr(requests, "put", lambda url, **given: (sent.append(url), put(url, **given))[1])
    client.log_artifact(run.info.run_id, str(tmp_path / "big file.bin"), "models")
    assert len(sent) == 4
    (listed,) = client.list_artifacts(run.info.run_id, "models")
    assert (listed.path, listed.file_size) == ("models/big file.bin", len(data))
    down = client.download_artifacts(run.info.run_id, "models/big file.bin", str(tmp_path / "down"))
    assert Path(down).read_bytes() == data


def test_projects_are_its_workspaces_and_nothing_of_one_is_found_in_another(
    url, client, monkeypatch, tmp_path
):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", url)
    made = client.create_workspace("risk", description="credit risk")
    assert (made.name, made.description) == ("risk", "credit risk")
    assert {"default", "risk"} <= {each.name for each in client.list_workspaces()}
    with pytest.raises(MlflowException, match="already exists"):
        client.create_workspace("risk")
    mlflow.set_workspace("risk")
    try:
        inside = mlflow.MlflowClient(tracking_uri=url, registry_uri=url)
        experiment = inside.create_experiment("only-in-risk")
        run = inside.create_run(experiment)
        (tmp_path / "a.txt").write_text("a")
        inside.log_artifact(run.info.run_id, str(tmp_path / "a.txt"))
        inside.create_registered_model("only-in-risk")
    finally:
        mlflow.set_workspace(None)
    assert client.get_experiment_by_name("only-in-risk") is None
    with pytest.raises(MlflowException):
        client.get_run(run.info.run_id)
    assert not client.search_registered_models("name = 'only-in-risk'")
    found = requests.post(f"{url}/api/v1/model/list", json={}, timeout=60).json()["items"]
    assert "risk/only-in-risk" in {each["name"] for each in found}
    mlflow.set_workspace("nowhere")
    try:
        with pytest.raises(MlflowException):
            mlflow.MlflowClient(tracking_uri=url).create_experiment("x")
    finally:
        mlflow.set_workspace(None)
