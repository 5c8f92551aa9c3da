"""Where an MLflow client says a version comes from is proved by its files, or marked as a claim."""

import pytest

from meguru.artifacts.lineage import show as lineage
from meguru.audit.verify import verify


def origins(ws, ref):
    return {
        edge.source: edge.claimed for edge in lineage(ws, ref=ref, direction="up").edges if edge.target == ref
    }


def put(mlflow, run, path):
    root = mlflow.get("runs/get", run_id=run)["run"]["info"]["artifact_uri"].partition(":/")[2].strip("/")
    sent = mlflow.http.put(f"/api/2.0/mlflow-artifacts/artifacts/{root}/{path}", content=b"x")
    assert sent.status_code == 200


def version(mlflow, **given):
    made = mlflow.post("model-versions/create", name="m", **given)["model_version"]
    return f"model/m@{made['version']}"


@pytest.fixture
def run(mlflow):
    mlflow.post("registered-models/create", name="m")
    return mlflow.run()


def test_files_of_a_run_prove_it(workspace, mlflow, run):
    put(mlflow, run, "model/MLmodel")
    made = version(mlflow, source=f"runs:/{run}/model", run_id=run)
    assert list(origins(workspace, made).values()) == [False]


def test_a_source_elsewhere_proves_no_run(workspace, mlflow, run):
    made = version(mlflow, source="s3://elsewhere/model", run_id=run)
    assert list(origins(workspace, made).values()) == [True]
    assert verify(workspace).intact


def test_a_logged_model_proves_itself_and_the_run_that_logged_it(workspace, mlflow, run):
    logged = mlflow.post("logged-models", experiment_id="0", name="a", source_run_id=run)
    identity = logged["model"]["info"]["model_id"]
    made = version(mlflow, source=f"models:/{identity}", model_id=identity)
    assert set(origins(workspace, made).values()) == {False}
    assert any(source.startswith("run/") for source in origins(workspace, made))


def test_a_copy_of_a_version_inherits_what_was_proved_and_what_was_claimed(workspace, mlflow, run):
    first = version(mlflow, source="s3://elsewhere/model", run_id=run)
    second = version(mlflow, source=f"models:/m/{first.rpartition('@')[2]}")
    assert list(origins(workspace, second).values()) == [True]
