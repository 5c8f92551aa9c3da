"""Replies of a server that speaks MLflow's protocol, read as what a store holds; none is trusted."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from meguru.mlflow.exchange.types import (
    LARGEST_INTEGER,
    STATUSES,
    MlflowExperiment,
    MlflowLoggedModel,
    MlflowModelPoint,
    MlflowRun,
    MlflowVersion,
    logged_model_in,
    model_points,
)
from meguru.mlflow.tracking.inputs import DatasetInput, ModelLink

ServerReply = dict[str, Any]
_INTEGER = re.compile(r"-?[0-9]{1,19}")


def read_experiment(each: ServerReply) -> MlflowExperiment:
    """Return the experiment of a reply."""
    return MlflowExperiment(
        id=text(each, "experiment_id"),
        name=text(each, "name"),
        stage=_stage(each),
        created=number(each, "creation_time"),
        updated=number(each, "last_update_time"),
        tags=pairs(each, "tags"),
    )


def read_logged_model(each: ServerReply, experiment: str) -> MlflowLoggedModel:
    """Return the logged model of a reply; `experiment` is the id of its experiment."""
    info, data = object_of(each, "info"), object_of(each, "data")
    return MlflowLoggedModel(
        id=text(info, "model_id"),
        experiment=experiment,
        name=text(info, "name"),
        model_type=text(info, "model_type"),
        run=text(info, "source_run_id"),
        status=text(info, "status"),
        params=pairs(data, "params"),
        tags=pairs(info, "tags"),
        points=model_points(_model_point(point) for point in objects(data, "metrics")),
        created=number(info, "creation_timestamp_ms"),
        updated=number(info, "last_updated_timestamp_ms"),
        place=text(info, "artifact_uri"),
    )


def _model_point(each: ServerReply) -> MlflowModelPoint:
    return MlflowModelPoint(
        key=text(each, "key"),
        ms=number(each, "timestamp"),
        step=number(each, "step"),
        run=text(each, "run_id"),
        value=as_float(each.get("value")),
        dataset_name=text(each, "dataset_name"),
        dataset_digest=text(each, "dataset_digest"),
    )


def read_run(each: ServerReply) -> MlflowRun:
    """Return the run of a reply."""
    info, data = object_of(each, "info"), object_of(each, "data")
    taken, given = object_of(each, "inputs"), object_of(each, "outputs")
    tags = pairs(data, "tags")
    status = text(info, "status")
    return MlflowRun(
        id=text(info, "run_id") or text(info, "run_uuid"),
        experiment=text(info, "experiment_id"),
        name=text(info, "run_name") or tags.get("mlflow.runName", ""),
        user=text(info, "user_id"),
        status=status if status in STATUSES else "FINISHED",
        start=number(info, "start_time"),
        end=number(info, "end_time") or None,
        stage=_stage(info),
        params=pairs(data, "params"),
        tags=tags,
        keys=[text(metric, "key") for metric in objects(data, "metrics")],
        datasets=[_dataset(dataset) for dataset in objects(taken, "dataset_inputs")],
        models=[ModelLink(model_id=text(link, "model_id")) for link in objects(taken, "model_inputs")],
        outputs=[
            ModelLink(model_id=text(link, "model_id"), step=number(link, "step"))
            for link in objects(given, "model_outputs")
        ],
        place=text(info, "artifact_uri"),
    )


def _dataset(each: ServerReply) -> DatasetInput:
    known = object_of(each, "dataset")
    return DatasetInput(
        name=text(known, "name"),
        digest=text(known, "digest"),
        source_type=text(known, "source_type"),
        source=text(known, "source"),
        schema=known.get("schema"),
        profile=known.get("profile"),
        tags=pairs(each, "tags"),
    )


def read_version(each: ServerReply) -> MlflowVersion:
    """Return the version of a registered model of a reply."""
    source = text(each, "source")
    return MlflowVersion(
        version=number(each, "version"),
        source=source,
        run=text(each, "run_id"),
        run_link=text(each, "run_link"),
        logged_model=text(each, "model_id") or logged_model_in(source),
        description=text(each, "description"),
        tags=pairs(each, "tags"),
        stage=text(each, "current_stage") or "None",
        user=text(each, "user_id"),
        created=number(each, "creation_timestamp"),
        updated=number(each, "last_updated_timestamp"),
    )


def object_of(each: ServerReply, name: str) -> ServerReply:
    """Return an object of a reply; what is none is empty."""
    value = each.get(name)
    return value if isinstance(value, dict) else {}


def objects(each: ServerReply, name: str) -> Iterator[ServerReply]:
    """Return the objects of a list of a reply; what is none of them is left out."""
    value = each.get(name)
    return (item for item in value if isinstance(item, dict)) if isinstance(value, list) else iter(())


def pairs(each: ServerReply, name: str) -> dict[str, str]:
    """Return a list of keys and values."""
    return {text(pair, "key"): text(pair, "value") for pair in objects(each, name)}


def text(each: ServerReply, name: str) -> str:
    """Return a text; empty where there is none."""
    value = each.get(name)
    return "" if value is None or isinstance(value, dict | list) else str(value)


def number(each: ServerReply, name: str) -> int:
    """Return a whole number, which may come as digits; 0 where there is none."""
    value = each.get(name)
    if isinstance(value, str) and _INTEGER.fullmatch(value):
        value = int(value)
    if isinstance(value, int | float) and -LARGEST_INTEGER <= value <= LARGEST_INTEGER:  # as NaN is not
        return int(value)
    return 0


def as_float(value: Any) -> float | None:
    """Return a number, which may be NaN; None for what is none."""
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return None


def _stage(each: ServerReply) -> str:
    return "deleted" if text(each, "lifecycle_stage") == "deleted" else "active"
