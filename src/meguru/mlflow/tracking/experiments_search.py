"""Search of experiments."""

from __future__ import annotations

from sqlalchemy import Connection

from meguru.mlflow.protocol.errors import invalid
from meguru.mlflow.protocol.params import Params, limit_of
from meguru.storage.db.raw import RawSql
from meguru.storage.statements import marks
from meguru.tracking.search import compare, grammar, pages

KINDS = ("attribute", "tag")
STAGES = {"ACTIVE_ONLY": ("active",), "DELETED_ONLY": ("deleted",), "ALL": ("active", "deleted")}
_MOMENTS = {"creation_time": "e.created_at", "last_update_time": "e.updated_at"}
_TEXTS = {"name": "e.name", "experiment_id": "CAST(e.id AS VARCHAR(20))"}


def stages(params: Params, name: str) -> tuple[str, ...]:
    """Return the stages that a view shows."""
    return STAGES[params.word(name, tuple(STAGES)) or "ACTIVE_ONLY"]


def search_experiments(tx: Connection, params: Params, project: str) -> tuple[list[int], str]:
    """Return the numbers of one page of a project's experiments, and the token of the next."""
    raw = RawSql(tx)
    limit = limit_of(params, default=1000, most=50_000)
    shown = stages(params, "view_type")
    query = pages.Query("e.id", "mlflow_experiment e")
    query.where(("e.project = ?", [project]))
    query.where((f"e.stage IN ({marks(len(shown))})", list(shown)))
    for clause in grammar.read_filter(params.text("filter"), kinds=KINDS):
        query.where(_condition(raw, clause))
    keys = [_key(order) for order in grammar.read_order(params.texts("order_by"), kinds=KINDS)]
    if not keys:
        keys = [pages.Key("e.created_at", descending=True), pages.Key("e.id", numbers=True)]
    elif not any(key.column == "e.id" for key in keys):
        keys.append(pages.Key("e.id", descending=True, numbers=True))
    after = pages.read(params.text("page_token"))
    rows, last = pages.fetch(raw, query, keys, after=after, limit=limit)
    return [row[0] for row in rows], pages.write(last)


def _condition(raw: RawSql, clause: grammar.Clause) -> compare.Condition:
    if clause.kind == "tag":
        having = "EXISTS (SELECT 1 FROM mlflow_experiment_tag t WHERE t.experiment = e.id AND t.key = ?"
        if clause.sign == "IS NULL":
            return f"NOT {having})", [clause.key]
        if clause.sign == "IS NOT NULL":
            return f"{having})", [clause.key]
        sql, values = compare.text("t.value", clause, is_sqlite=raw.is_sqlite)
        return f"{having} AND {sql})", [clause.key, *values]
    if clause.key in _MOMENTS:
        return compare.moment(_MOMENTS[clause.key], clause)
    if clause.key in _TEXTS:
        return compare.text(_TEXTS[clause.key], clause, is_sqlite=raw.is_sqlite)
    raise _unknown(clause.key)


def _key(order: grammar.RunOrder) -> pages.Key:
    columns = {**_MOMENTS, "name": "e.name", "experiment_id": "e.id"}
    if order.kind != "attribute":
        raise invalid(f"Invalid order_by entity: {order.kind}")
    if order.key not in columns:
        raise _unknown(order.key)
    return pages.Key(columns[order.key], order.descending, numbers=order.key == "experiment_id")


def _unknown(key: str) -> Exception:
    return invalid(
        f"Invalid attribute key '{key[:200]}' specified. Valid keys are name, experiment_id, creation_time "
        "and last_update_time"
    )
