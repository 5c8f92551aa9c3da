"""A program of its own: it reads an MLflow store with MLflow, and prints what it finds as JSON."""

import json
import os
import sys

os.environ["MLFLOW_ALLOW_FILE_STORE"] = "true"

from mlflow import MlflowClient
from mlflow.entities import ViewType


def read(uri):
    client = MlflowClient(uri, uri)
    experiments = {each.name: each for each in client.search_experiments(view_type=ViewType.ALL)}
    runs = {}
    for each in experiments.values():
        for run in client.search_runs([each.experiment_id], run_view_type=ViewType.ALL):
            points = {key: len(client.get_metric_history(run.info.run_id, key)) for key in run.data.metrics}
            runs[run.info.run_id] = {
                "name": run.info.run_name,
                "status": run.info.status,
                "stage": run.info.lifecycle_stage,
                "params": run.data.params,
                "points": points,
                "datasets": [each.dataset.name for each in run.inputs.dataset_inputs],
                "outputs": [each.model_id for each in run.outputs.model_outputs] if run.outputs else [],
                "files": [file.path for file in client.list_artifacts(run.info.run_id, "deep/er")],
            }
    return {
        "experiments": {name: each.lifecycle_stage for name, each in experiments.items()},
        "runs": runs,
        "measured": sorted(
            [point.key, point.value, point.step, point.run_id, point.dataset_name]
            for each in client.search_logged_models([each.experiment_id for each in experiments.values()])
            for point in each.metrics
            if point.value == point.value
        ),
        "champion": client.get_model_version_by_alias("churn", "champion").source,
        "versions": sorted(int(each.version) for each in client.search_model_versions("name = 'churn'")),
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(read(sys.argv[1])))
