"""Runs as MLflow's protocol writes them, read with few statements however many they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, String, Table, select, type_coerce

from meguru.api.mlflow.search.runs import stage, status, user
from meguru.tracking.mlflow import inputs
from meguru.tracking.mlflow.ids import to_hex
from meguru.tracking.mlflow.moments import millis_of
from meguru.tracking.mlflow.schema import mlflow_experiment, mlflow_run
from meguru.tracking.schema import run, run_metric_latest, run_param, run_tag

AT_ONCE = 500
_started, _finished = (type_coerce(column, String) for column in (run.c.started_at, run.c.finished_at))
_QUERY = select(
    run.c.id,
    run.c.name,
    _started.label("started"),
    _finished.label("finished"),
    mlflow_experiment.c.id.label("experiment"),
    mlflow_experiment.c.artifact_location,
    stage.label("stage"),
    status.label("status"),
    user.label("user"),
).select_from(
    run.outerjoin(mlflow_run, mlflow_run.c.run == run.c.id).join(
        mlflow_experiment, mlflow_experiment.c.experiment == run.c.experiment
    )
)


def shown(tx: Connection, ids: Sequence[str]) -> list[dict[str, Any]]:
    """Return runs in the order of their ids."""
    found: list[dict[str, Any]] = []
    for start in range(0, len(ids), AT_ONCE):
        found += _shown(tx, ids[start : start + AT_ONCE])
    return found


def metric(key: str, value: float | None, step: int, at: str) -> dict[str, Any]:
    """Return a point as the protocol writes it."""
    return {"key": key, "value": "NaN" if value is None else value, "timestamp": millis_of(at), "step": step}


def artifact_root(location: str, experiment: int, run: str) -> str:
    """Return where the artifacts of a run are."""
    return f"{location.rstrip('/') or f'mlflow-artifacts:/{experiment}'}/{run}/artifacts"


def _shown(tx: Connection, ids: Sequence[str]) -> list[dict[str, Any]]:
    rows = {row.id: row for row in tx.execute(_QUERY.where(run.c.id.in_(ids)))}
    params, tags = (_texts(tx, table, ids) for table in (run_param, run_tag))
    metrics: dict[str, list[dict[str, Any]]] = {}
    table = run_metric_latest.c
    newest = select(table.run, table.key, table.value, table.step, type_coerce(table.at, String))
    for owner, key, value, step, at in tx.execute(newest.where(table.run.in_(ids)).order_by(table.key)):
        metrics.setdefault(owner, []).append(metric(key, value, step, at))
    datasets, models = inputs.dataset_inputs(tx, ids), inputs.models(tx, ids)
    return [
        {
            "info": _info(rows[each]),
            "data": {
                "metrics": metrics.get(each, []),
                "params": params.get(each, []),
                "tags": tags.get(each, []),
            },
            "inputs": {
                "dataset_inputs": datasets.get(each, []),
                "model_inputs": models.get((each, "input"), []),
            },
            "outputs": {"model_outputs": models.get((each, "output"), [])},
        }
        for each in ids
        if each in rows
    ]


def _info(row: Any) -> dict[str, Any]:
    identity = to_hex(row.id)
    info = {
        "run_id": identity,
        "run_uuid": identity,
        "run_name": row.name,
        "experiment_id": str(row.experiment),
        "user_id": row.user,
        "status": row.status,
        "start_time": millis_of(row.started),
        "artifact_uri": artifact_root(row.artifact_location, row.experiment, identity),
        "lifecycle_stage": row.stage,
    }
    return info | ({"end_time": millis_of(row.finished)} if row.finished else {})


def _texts(tx: Connection, table: Table, ids: Sequence[str]) -> dict[str, list[dict[str, str]]]:
    found: dict[str, list[dict[str, str]]] = {}
    query = select(table.c.run, table.c.key, table.c.value).where(table.c.run.in_(ids)).order_by(table.c.key)
    for owner, key, value in tx.execute(query):
        found.setdefault(owner, []).append({"key": key, "value": value})
    return found
