"""The search over logged models."""

from typing import Any

from meguru.api.mlflow import logged_models_store as store
from meguru.api.mlflow.errors import invalid
from meguru.api.mlflow.logged_models_store import LoggedModel
from meguru.api.mlflow.registry_filters import Fields, keep, order, ordered, parse
from meguru.api.mlflow.registry_protocol import Given, ask, millis, page_of, wrong
from meguru.runtime.operations import Context
from meguru.runtime.workspace import Workspace

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


@ask("run:read")
def _found(
    ctx: Context, *, experiments: list[str], filter: str, order_by: list[str], token: str, limit: int
) -> tuple[list[dict[str, Any]], dict[str, str]]:
    wanted = order(order_by, _FIELDS) or [("", "creation_timestamp", False)]
    matching = keep(store.of_experiments(ctx.tx, experiments), parse(filter, _FIELDS), _look)
    in_order = ordered(matching, wanted, _look, lambda model: model.id)
    shown, more = page_of(in_order, token, limit)
    return [store.answer(ctx.tx, model) for model in shown], more


def search(ws: Workspace, given: Given) -> dict[str, Any]:
    """Answer a search over the logged models of some experiments."""
    experiments = given.texts("experiment_ids")
    if not experiments:
        raise invalid("Missing value for required parameter 'experiment_ids'.")
    found, more = _found(
        ws,
        experiments=experiments,
        filter=given.text("filter"),
        order_by=_order(given),
        token=given.text("page_token"),
        limit=given.number("max_results", 50, most=1000),
    )
    return {"models": found, **more}


def _order(given: Given) -> list[str]:
    items = given.fields.get("order_by") or []
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise wrong("order_by", items)
    return [
        f"{Given(item).needed('field_name')} {'ASC' if item.get('ascending', True) else 'DESC'}"
        for item in items
    ]


def _look(thing: LoggedModel, group: str, key: str) -> Any:
    if group == "metrics":
        return None
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
