"""The search over logged models."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, select

from meguru.api.mlflow import logged_models_store as store
from meguru.api.mlflow.errors import invalid
from meguru.api.mlflow.logged_models_store import LoggedModel
from meguru.api.mlflow.registry_filters import Clause, Fields, holds, keep, order, ordered, parse
from meguru.api.mlflow.registry_protocol import Given, ask, millis, page_of, wrong
from meguru.runtime.operations import Context
from meguru.runtime.workspace import Workspace
from meguru.tracking.mlflow.schema import mlflow_model_metric as metric

_FIELDS = Fields(
    texts=frozenset({"name", "model_id", "model_type", "status", "source_run_id", "experiment_id"}),
    numbers=frozenset({"creation_timestamp", "last_updated_timestamp"}),
    groups=frozenset({"tags", "params"}),
    number_groups=frozenset({"metrics"}),
    also={
        "tag": "tags",
        "param": "params",
        "parameters": "params",
        "metric": "metrics",
        "creation_time": "creation_timestamp",
        "creation_timestamp_ms": "creation_timestamp",
        "last_updated_timestamp_ms": "last_updated_timestamp",
    },
)
AT_ONCE = 500


class Dataset(msgspec.Struct, frozen=True, kw_only=True):
    """A dataset that something was measured on; an empty digest is any."""

    name: str = ""
    digest: str = ""

    def is_of(self, row: Any) -> bool:
        """Tell whether a point was measured on it."""
        return self.name in {"", row.dataset_name} and self.digest in {"", row.dataset_digest}


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """One part of an order; a metric may be ordered by what was measured on one dataset."""

    field: str
    ascending: bool
    dataset: Dataset


@ask("run:read")
def _found(
    ctx: Context,
    *,
    experiments: list[str],
    filter: str,
    datasets: list[Dataset],
    order_by: list[Order],
    token: str,
    limit: int,
) -> tuple[list[dict[str, Any]], dict[str, str]]:
    clauses = parse(filter, _FIELDS)
    matching = store.of_experiments(ctx.tx, experiments)
    points = _points(ctx.tx, matching)
    on_metrics = [clause for clause in clauses if clause.group == "metrics"]
    others = [clause for clause in clauses if clause.group != "metrics"]
    matching = [
        model
        for model in keep(matching, others, _look)
        if _is_measured(points.get(model.id, []), on_metrics, datasets)
    ]
    shown, more = page_of(_in_order(matching, order_by, points), token, limit)
    return [store.answer(ctx.tx, model) for model in shown], more


def search(ws: Workspace, given: Given) -> dict[str, Any]:
    """Answer a search over the logged models of some experiments."""
    experiments = given.fields.get("experiment_ids")
    if experiments is None:
        raise invalid("Missing value for required parameter 'experiment_ids'.")
    if not isinstance(experiments, list):
        raise wrong("experiment_ids", experiments)
    found, more = _found(
        ws,
        experiments=given.texts("experiment_ids"),
        filter=given.text("filter"),
        datasets=[_dataset(each, needed=True) for each in _objects(given, "datasets")],
        order_by=_order(given),
        token=given.text("page_token"),
        limit=given.number("max_results", 50, most=1000),
    )
    return {"models": found, **more}


def _objects(given: Given, name: str) -> list[Given]:
    items = given.fields.get(name) or []
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise wrong(name, items)
    return [Given(item) for item in items]


def _dataset(given: Given, *, needed: bool = False) -> Dataset:
    name = given.text("dataset_name")
    if needed and not name:
        raise invalid("`dataset_name` in the `datasets` clause must be specified.")
    return Dataset(name=name, digest=given.text("dataset_digest"))


def _order(given: Given) -> list[Order]:
    found = []
    for item in _objects(given, "order_by"):
        field = item.needed("field_name")
        if "." in field and not field.startswith("metrics."):
            raise invalid(f"Invalid order by field name: {field[:200]}. Only metrics are supported.")
        ascending = item.fields.get("ascending", True)
        if not isinstance(ascending, bool):
            raise wrong("ascending", ascending)
        found.append(Order(field=field, ascending=ascending, dataset=_dataset(item)))
    return found


def _points(tx: Connection, models: Sequence[LoggedModel]) -> dict[str, list[Any]]:
    """Return what was measured, by model: the newest first."""
    found: dict[str, list[Any]] = {}
    for start in range(0, len(models), AT_ONCE):
        some = [model.id for model in models[start : start + AT_ONCE]]
        query = select(metric).where(metric.c.model_id.in_(some))
        newest = (metric.c.ms.desc(), metric.c.step.desc(), metric.c.run)
        for row in tx.execute(query.order_by(*newest)):
            found.setdefault(row.model_id, []).append(row)
    return found


def _is_measured(points: list[Any], clauses: list[Clause], datasets: list[Dataset]) -> bool:
    """Tell whether some point on one of the datasets is as each clause says."""
    seen = [row for row in points if not datasets or any(each.is_of(row) for each in datasets)]
    if datasets and not seen:
        return False
    return all(any(row.key == clause.key and holds(clause, row.value) for row in seen) for clause in clauses)


def _in_order(
    models: list[LoggedModel], order_by: list[Order], points: dict[str, list[Any]]
) -> list[LoggedModel]:
    """Return models in the wanted order; the newest first among those that are equal, the lacking last."""
    done = ordered(models, [("", "creation_timestamp", False)], _look, lambda model: model.id)
    for each in reversed(order_by):
        ((group, key, _),) = order([f"`{each.field}`" if "." not in each.field else each.field], _FIELDS)
        values = {
            model.id: _newest(points.get(model.id, []), key, each.dataset)
            if group
            else _look(model, group, key)
            for model in done
        }
        there = [model for model in done if values[model.id] is not None]
        there.sort(key=lambda model, v=values: v[model.id], reverse=not each.ascending)  # type: ignore[misc]
        done = there + [model for model in done if values[model.id] is None]
    return done


def _newest(points: list[Any], key: str, dataset: Dataset) -> Any:
    return next((row.value for row in points if row.key == key and dataset.is_of(row)), None)


def _look(thing: LoggedModel, group: str, key: str) -> Any:
    if group:
        return (thing.tags if group == "tags" else thing.params).get(key)
    values = {
        "name": thing.name,
        "model_id": thing.id,
        "model_type": thing.model_type,
        "status": thing.status.removeprefix("LOGGED_MODEL_"),
        "source_run_id": thing.run,
        "experiment_id": thing.experiment,
        "creation_timestamp": millis(thing.created_at),
        "last_updated_timestamp": millis(thing.updated_at),
    }
    return values[key]
