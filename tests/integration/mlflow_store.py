"""A program of its own: it fills an MLflow store, with MLflow, at the tracking URI that it is given."""

import math
import os
import sys
from pathlib import Path

os.environ["MLFLOW_ALLOW_FILE_STORE"] = "true"

from mlflow import MlflowClient
from mlflow.entities import Dataset, DatasetInput, InputTag, LoggedModelOutput, Metric, Param

SLOW_RUNS, POINTS = 30, 1000


def fill(uri, folder):
    client = MlflowClient(uri, uri)
    ours = client.create_experiment("実験", tags={"team": "成長"})
    gone = client.create_experiment("gone")
    first = client.create_run(ours, run_name="最初", tags={"note": "x" * 4000}).info.run_id
    client.log_batch(
        first,
        metrics=[Metric("loss", 1 / (step + 1), 1_700_000_000_000 + step, step) for step in range(500)],
        params=[Param("a/b", "値\nline"), Param("empty", "")],
    )
    for step, value in enumerate((math.nan, math.inf, -math.inf)):
        client.log_metric(first, "odd", value, timestamp=1_700_000_000_000, step=step)
    client.log_metric(first, "deep/er", -1.5, timestamp=1_700_000_000_000, step=-3)
    source = Dataset(name="xs", digest="abc", source_type="local", source="{}", schema="s", profile="p")
    client.log_inputs(first, [DatasetInput(source, [InputTag("mlflow.data.context", "train")])])
    (folder / "файл.txt").write_text("hello", "utf-8")
    client.log_artifact(first, str(folder / "файл.txt"), "deep/er")
    model = client.create_logged_model(
        ours, name="net", source_run_id=first, params={"p": "1"}, tags={"t": "2"}
    )
    (folder / "MLmodel").write_text("flavors: {}\n", "utf-8")
    client.log_model_artifact(model.model_id, str(folder / "MLmodel"))
    client.finalize_logged_model(model.model_id, "READY")
    moment = 1_700_000_000_000
    client.log_metric(first, "rmse", 0.25, timestamp=moment, step=1, model_id=model.model_id)
    client.log_metric(first, "rmse", math.nan, timestamp=moment, step=2, model_id=model.model_id)
    told = {"dataset_name": "xs", "dataset_digest": "abc", "model_id": model.model_id}
    client.log_metric(first, "on/data", 0.5, timestamp=moment, step=0, **told)
    client.log_outputs(first, [LoggedModelOutput(model.model_id, 0)])
    client.set_terminated(first, end_time=1_700_000_100_000)
    client.delete_run(client.create_run(ours, run_name="deleted").info.run_id)
    client.set_terminated(client.create_run(gone).info.run_id, "FAILED")
    client.delete_experiment(gone)
    client.create_run("0", run_name="still running")
    register(client, first, model)
    sys.stdout.write(f"{first} {model.model_id}")


def register(client, run, model):
    client.create_registered_model("churn", tags={"owner": "佐藤"}, description="who leaves")
    for source in (f"runs:/{run}/deep", f"runs:/{run}/deep", f"models:/{model.model_id}"):
        client.create_model_version("churn", source, run_id=run, description="v")
    client.delete_model_version("churn", "2")
    client.set_model_version_tag("churn", "1", "checked", "yes")
    client.set_registered_model_alias("churn", "champion", "3")


def fill_slowly(uri):
    client = MlflowClient(uri, uri)
    for _ in range(SLOW_RUNS):
        run = client.create_run("0").info.run_id
        client.log_batch(run, metrics=[Metric("m", float(step), step, step) for step in range(POINTS)])
        client.set_terminated(run)


if __name__ == "__main__":
    fill_slowly(sys.argv[1]) if len(sys.argv) == 2 else fill(sys.argv[1], Path(sys.argv[2]))
