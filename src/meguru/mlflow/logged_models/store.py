"""SQL of logged models, and their shape in the protocol."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, Select, delete, insert, select

from meguru.base import refs
from meguru.mlflow.artifacts.proxy_paths import SCHEME, run_named
from meguru.mlflow.logged_models.points import of_models
from meguru.mlflow.protocol.calls import listed, millis, not_found
from meguru.mlflow.protocol.errors import Refusal
from meguru.mlflow.registry.names import is_here, own_name
from meguru.mlflow.schema import logged_model, mlflow_version
from meguru.registry import tags_index as labels
from meguru.tracking.experiments.store import key_of

REGISTERED = "mlflow.modelVersions"
AT_ONCE = 500


class LoggedModel(msgspec.Struct, frozen=True, kw_only=True):
    """A model that a run saved."""

    id: str
    experiment: str
    name: str
    model_type: str
    run: str
    status: str
    params: dict[str, str]
    tags: dict[str, str]
    deleted: bool
    created_at: datetime
    updated_at: datetime


def keep(tx: Connection, model: LoggedModel) -> None:
    """Write a logged model over what it was before."""
    tx.execute(delete(logged_model).where(logged_model.c.id == model.id))
    tx.execute(insert(logged_model).values(msgspec.structs.asdict(model)))
    labels.keep(tx, labels.LOGGED, model.id, model.tags)
    labels.keep(tx, labels.PARAM, model.id, model.params)


def find(tx: Connection, identity: str, project: str) -> LoggedModel | None:
    """Return a project's logged model, also a deleted one; its project is that of its experiment."""
    row = tx.execute(select(logged_model).where(logged_model.c.id == identity)).first()
    if row is None or refs.project_of(key_of(tx, row.experiment)) != project:
        return None
    return LoggedModel(**row._mapping)


def project_of(tx: Connection, identity: str) -> str | None:
    """Return the project of a logged model, which is its experiment's; None if there is no such model."""
    mine = select(logged_model.c.experiment).where(logged_model.c.id == identity)
    experiment = tx.execute(mine).scalar()
    return None if experiment is None else refs.project_of(key_of(tx, experiment))


def held(tx: Connection, identity: str, project: str, *, deleted: bool = False) -> LoggedModel:
    """Return a project's logged model, or say that there is none."""
    model = find(tx, identity, project)
    if model is None or (model.deleted and not deleted):
        raise not_found(f"Logged model with ID '{identity[:80]}' not found.")
    return model


def picked(tx: Connection, ids: Sequence[str]) -> list[LoggedModel]:
    """Return logged models by their ids, in the order given."""
    models = {
        row.id: LoggedModel(**row._mapping) for row in _rows(tx, select(logged_model), logged_model.c.id, ids)
    }
    return [models[each] for each in ids if each in models]


def folder(model: LoggedModel) -> str:
    """Return where its files are, as a path of the artifact proxy."""
    return f"{model.experiment}/models/{model.id}/artifacts"


def tell_registered(tx: Connection, identity: str, name: str, version: int, *, project: str) -> None:
    """Note in a logged model's tags the name and number that it is registered under, as MLflow does."""
    model = held(tx, identity, project)
    try:
        known = json.loads(model.tags.get(REGISTERED, "[]"))
    except ValueError:
        known = []
    entries = [*(known if isinstance(known, list) else []), {"name": name, "version": version}]
    tags = model.tags | {REGISTERED: json.dumps(entries)}
    keep(tx, msgspec.structs.replace(model, tags=tags))


def run_refs(tx: Connection, run: str, project: str) -> list[str]:
    """Return the reference of a run that there is in a project; nothing for another."""
    known = run_named(tx, run, project)
    return [refs.make("run", known)] if known else []


def no_tag(identity: str, key: str) -> Refusal:
    """Say that a logged model has no such tag."""
    return not_found(f"No tag with key {key[:120]!r} found for model with ID {identity!r}.")


def answer(tx: Connection, model: LoggedModel, project: str) -> dict[str, Any]:
    """Return a logged model in the protocol's shape, with the names it is registered under."""
    return answers(tx, [model], project)[0]


def answers(tx: Connection, models: Sequence[LoggedModel], project: str) -> list[dict[str, Any]]:
    """Return logged models in the protocol's shape."""
    ids = [model.id for model in models]
    registered: dict[str, list[dict[str, str]]] = {}
    table = mlflow_version.c
    query = select(table.name, table.version, table.logged_model, table.deleted)
    for name, version, identity, deleted in sorted(_rows(tx, query, table.logged_model, ids)):
        if not deleted and is_here(name, project):
            shown = {"name": own_name(name), "version": str(version)}
            registered.setdefault(identity, []).append(shown)
    measured = of_models(tx, ids)
    return [_answer(each, registered.get(each.id, []), measured.get(each.id, [])) for each in models]


def _answer(model: LoggedModel, registered: list[Any], measured: list[Any]) -> dict[str, Any]:
    info: dict[str, Any] = {
        "model_id": model.id,
        "experiment_id": model.experiment,
        "name": model.name,
        "creation_timestamp_ms": millis(model.created_at),
        "last_updated_timestamp_ms": millis(model.updated_at),
        "artifact_uri": SCHEME + folder(model),
        "status": model.status,
        "tags": listed(model.tags),
        "registrations": registered,
    }
    given = {"model_type": model.model_type, "source_run_id": model.run}
    info |= {key: value for key, value in given.items() if value}
    return {"info": info, "data": {"params": listed(model.params), "metrics": measured}}


def _rows(tx: Connection, query: Select[Any], column: Any, values: Sequence[str]) -> Iterator[Any]:
    for start in range(0, len(values), AT_ONCE):
        yield from tx.execute(query.where(column.in_(values[start : start + AT_ONCE])))
