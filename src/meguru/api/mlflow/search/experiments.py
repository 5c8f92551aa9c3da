"""Search of experiments."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, String, exists, select, type_coerce

from meguru.api.mlflow.errors import invalid
from meguru.api.mlflow.params import Params, bad
from meguru.api.mlflow.search import compare, grammar, pages
from meguru.tracking.mlflow.schema import mlflow_experiment as table
from meguru.tracking.mlflow.schema import mlflow_experiment_tag as tags

KINDS = ("attribute", "tag")
STAGES = {"ACTIVE_ONLY": ("active",), "DELETED_ONLY": ("deleted",), "ALL": ("active", "deleted")}
_MOMENTS = {"creation_time": table.c.created_at, "last_update_time": table.c.updated_at}


def stages(params: Params, name: str) -> tuple[str, ...]:
    """Return the stages that a view shows."""
    view = params.text(name) or "ACTIVE_ONLY"
    if view not in STAGES:
        numbered = {"1": "ACTIVE_ONLY", "2": "DELETED_ONLY", "3": "ALL"}
        if view not in numbered:
            raise bad(name, view, f"it is one of {', '.join(STAGES)}")
        view = numbered[view]
    return STAGES[view]


def search_experiments(tx: Connection, params: Params) -> tuple[list[Row[Any]], str]:
    """Return one page of experiments, and the token of the next."""
    limit = pages.limit_of(params, default=1000, most=50_000)
    query = select(table).where(table.c.stage.in_(stages(params, "view_type")))
    for clause in grammar.read_filter(params.text("filter"), kinds=KINDS):
        query = query.where(_condition(tx, clause))
    keys = [_key(order) for order in grammar.read_order(params.texts("order_by"), kinds=KINDS)]
    if not keys:
        keys = [pages.Key(type_coerce(table.c.updated_at, String), descending=True)]
    keys.append(pages.Key(table.c.id, descending=True))
    return pages.fetch(tx, query, keys, token=params.text("page_token"), limit=limit)


def _condition(tx: Connection, clause: grammar.Clause) -> ColumnElement[bool]:
    if clause.kind == "tag":
        mine = (tags.c.experiment == table.c.id) & (tags.c.key == clause.key)
        if clause.sign == "IS NULL":
            return ~exists().where(mine)
        if clause.sign == "IS NOT NULL":
            return exists().where(mine)
        return exists().where(mine, compare.text(tx, tags.c.value, clause))
    if clause.key in _MOMENTS:
        return compare.moment(_MOMENTS[clause.key], clause)
    if clause.key == "name":
        return compare.text(tx, table.c.name, clause)
    if clause.key == "experiment_id":
        return compare.text(tx, table.c.id.cast(String), clause)
    raise _unknown(clause.key)


def _key(order: grammar.Order) -> pages.Key:
    if order.kind == "attribute" and order.key in _MOMENTS:
        return pages.Key(type_coerce(_MOMENTS[order.key], String), order.descending)
    columns = {"name": table.c.name, "experiment_id": table.c.id}
    if order.kind != "attribute" or order.key not in columns:
        raise _unknown(order.key)
    return pages.Key(columns[order.key], order.descending)


def _unknown(key: str) -> Exception:
    return invalid(
        f"Invalid attribute key '{key[:200]}': an experiment has name, experiment_id, creation_time and "
        "last_update_time"
    )
