"""Runs as MLflow's protocol writes them, read with few statements however many they are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection

from meguru.mlflow.tracking import inputs
from meguru.mlflow.tracking.run_operations import MadeRun, shown_status
from meguru.storage.db.raw import RawSql
from meguru.storage.statements import marks
from meguru.tracking import series
from meguru.tracking.milliseconds import millis_of
from meguru.tracking.run_ids import to_hex

AT_ONCE, METRICS_AT_ONCE = 500, 50_000
_RUN = (
    "SELECT r.id, r.name, r.started_at, r.finished_at, r.state, r.created_by, m.stage, m.status, m.user_id, "
    "e.id, e.artifact_location FROM run r JOIN mlflow_experiment e ON e.experiment = r.experiment "
    "LEFT JOIN mlflow_run m ON m.run = r.id WHERE r.id IN "
)


def shown(tx: Connection, ids: Sequence[str]) -> list[dict[str, Any]]:
    """Return at most 500 runs in the order of their ids."""
    if not ids:
        return []
    raw = RawSql(tx)
    rows = {row[0]: row for row in raw.execute(f"{_RUN} ({marks(len(ids))})", ids)}
    params, tags = (_texts(raw, table, ids) for table in ("run_param", "run_tag"))
    metrics: dict[str, list[ProtocolMetric]] = {}
    for owner, *rest in series.newest(tx, ids, "value, at, step"):
        metrics.setdefault(owner, []).append(metric(*rest))
    datasets, models = inputs.dataset_inputs(tx, ids), inputs.models(tx, ids)
    return [
        {
            "info": _info(*rows[each]),
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


def info_of(tx: Connection, run: str) -> dict[str, Any]:
    """Return what `shown` says first of a run that is there, without what was logged to it."""
    return _info(*RawSql(tx).execute(f"{_RUN} (?)", (run,)).fetchone())


def new_run(made: MadeRun, given: dict[str, Any]) -> dict[str, Any]:
    """Return a run that was started just now, as `shown` would."""
    info = {
        "run_id": made.run_id,
        "run_uuid": made.run_id,
        "run_name": given["name"],
        "experiment_id": str(made.experiment),
        "user_id": given["user"],
        "status": "RUNNING",
        "start_time": given["start"],
        "artifact_uri": artifact_root(made.artifact_location, made.experiment, made.run_id),
        "lifecycle_stage": "active",
    }
    tags = [{"key": key, "value": value} for key, value in sorted(given["tags"].items())]
    nothing: list[Any] = []
    return {
        "info": info,
        "data": {"metrics": nothing, "params": nothing, "tags": tags},
        "inputs": {"dataset_inputs": nothing, "model_inputs": nothing},
        "outputs": {"model_outputs": nothing},
    }


class ProtocolMetric(msgspec.Struct, gc=False):
    """A point as the protocol writes it."""

    key: str
    value: float | str
    timestamp: int
    step: int


class MetricOfRun(ProtocolMetric, gc=False):
    """A point of one of several runs."""

    run_id: str


def metric(key: str, value: float | None, at: int, step: int) -> ProtocolMetric:
    """Return a point, given its microsecond."""
    return ProtocolMetric(key, "NaN" if value is None else value, at // 1000, step)


def parts(tx: Connection, ids: Sequence[str]) -> Iterator[Sequence[str]]:
    """Cut a list of runs so that no part has more metrics than the memory should hold at once."""
    start, metrics = 0, 0
    for end, count in enumerate(_counts(tx, ids)):
        if end > start and (end - start >= AT_ONCE or metrics + count > METRICS_AT_ONCE):
            yield ids[start:end]
            start, metrics = end, 0
        metrics += count
    yield ids[start:]


def _counts(tx: Connection, ids: Sequence[str]) -> Iterator[int]:
    for start in range(0, len(ids), AT_ONCE):
        some = ids[start : start + AT_ONCE]
        sql = f"SELECT run, count(*) FROM run_series WHERE run IN ({marks(len(some))}) GROUP BY run"  # noqa: S608
        known = dict(RawSql(tx).execute(sql, some).fetchall())
        yield from (known.get(each, 0) for each in some)


def artifact_root(location: str, experiment: int, run: str) -> str:
    """Return where the artifacts of a run are."""
    place, mark, query = location.partition("?")  # a query stays at the end: credentials of a store, perhaps
    return f"{place.rstrip('/') or f'mlflow-artifacts:/{experiment}'}/{run}/artifacts{mark}{query}"


def _info(
    run: str,
    name: str,
    started: str,
    finished: str | None,
    state: str,
    creator: str,
    stage: str | None,
    status: str | None,
    user: str | None,
    experiment: int,
    location: str,
) -> dict[str, Any]:
    identity = to_hex(run)
    info = {
        "run_id": identity,
        "run_uuid": identity,
        "run_name": name,
        "experiment_id": str(experiment),
        "user_id": creator if user is None else user,
        "status": shown_status(state, status),
        "start_time": millis_of(started),
        "artifact_uri": artifact_root(location, experiment, identity),
        "lifecycle_stage": stage or "active",
    }
    return info | ({"end_time": millis_of(finished)} if finished else {})


def _texts(raw: RawSql, table: str, ids: Sequence[str]) -> dict[str, list[dict[str, str]]]:
    found: dict[str, list[dict[str, str]]] = {}
    sql = f"SELECT run, key, value FROM {table} WHERE run IN ({marks(len(ids))}) ORDER BY run, key"  # noqa: S608
    for owner, key, value in raw.execute(sql, ids):
        found.setdefault(owner, []).append({"key": key, "value": value})
    return found
