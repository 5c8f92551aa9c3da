"""The search over registered models: SQL puts them in order, and only as many are read as a page needs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import (
    ColumnElement,
    Connection,
    String,
    exists,
    func,
    literal,
    select,
    type_coerce,
    union_all,
)

from meguru.api.mlflow.registry_filters import Clause, holds
from meguru.api.mlflow.registry_protocol import millis
from meguru.registry.schema import mlflow_model, mlflow_version, model_version, registered_model

_TO_GLOB = str.maketrans({"%": "*", "_": "?", "*": "[*]", "?": "[?]", "[": "[[]"})
_MOMENTS = {"creation_timestamp": "created", "last_updated_timestamp": "updated"}
_BATCH = 500


def find_names(
    tx: Connection,
    clauses: Sequence[Clause],
    order: Sequence[tuple[str, str, bool]],
    *,
    start: int,
    limit: int,
) -> tuple[list[str], bool]:
    """Return the names of one page of models, and whether there are more."""
    found: list[str] = []
    in_sql = [clause for clause in clauses if not clause.group and clause.key == "name"]
    others = [clause for clause in clauses if clause not in in_sql]
    for row in _candidates(tx, in_sql, order):
        if all(holds(clause, _look(row, clause)) for clause in others):
            found.append(row.name)
            if len(found) > start + limit:
                break
    return found[start : start + limit], len(found) > start + limit


def _candidates(
    tx: Connection, clauses: Sequence[Clause], order: Sequence[tuple[str, str, bool]]
) -> Iterator[Any]:
    every = _every()
    query = select(every).where(*(_condition(tx, every.c.name, clause) for clause in clauses))
    for group, key, ascending in order:
        # Tags order nothing, here as with MLflow.
        column = every.c.name if key == "name" else every.c[_MOMENTS[key]]
        if not group:
            query = query.order_by(column.asc() if ascending else column.desc())
    result = tx.execution_options(yield_per=_BATCH).execute(query.order_by(every.c.name))
    try:
        yield from result
    finally:
        result.close()


def _every() -> Any:
    """Return what clients of MLflow made, and what has a version of our own that they may see."""
    said = select(
        mlflow_model.c.name,
        type_coerce(mlflow_model.c.tags, String).label("tags"),
        type_coerce(mlflow_model.c.created_at, String).label("created"),
        type_coerce(mlflow_model.c.updated_at, String).label("updated"),
    )
    same = (mlflow_version.c.name == model_version.c.name) & (
        mlflow_version.c.version == model_version.c.version
    )
    hidden = exists().where(same, mlflow_version.c.deleted.is_(True)).correlate(model_version)
    shown = (
        select(model_version.c.name, func.max(type_coerce(model_version.c.created_at, String)).label("last"))
        .where(~hidden)
        .group_by(model_version.c.name)
        .subquery()
    )
    ours = (
        select(
            registered_model.c.name,
            literal("{}").label("tags"),
            type_coerce(registered_model.c.created_at, String).label("created"),
            shown.c.last.label("updated"),
        )
        .join(shown, shown.c.name == registered_model.c.name)
        .where(~exists().where(mlflow_model.c.name == registered_model.c.name))
    )
    return union_all(said, ours).subquery()


def _condition(tx: Connection, column: Any, clause: Clause) -> ColumnElement[bool]:
    value = clause.value
    made: Any
    match clause.op:
        case "=":
            made = column == value
        case "!=":
            made = column != value
        case "IN":
            made = column.in_(sorted(value))
        case "NOT IN":
            made = column.not_in(sorted(value))
        case "ILIKE":
            made = func.lower(column).like(value.lower())
        case "LIKE" if tx.dialect.name == "sqlite":  # its LIKE takes A for a
            made = column.op("GLOB")(value.translate(_TO_GLOB))
        case "LIKE":
            made = column.like(value)
        case _:
            made = column.is_(None) if clause.op == "IS NULL" else column.is_not(None)
    done: ColumnElement[bool] = made
    return done


def _look(row: Any, clause: Clause) -> Any:
    if clause.group:
        # Most have no such tag, and need not be decoded to see that.
        return msgspec.json.decode(row.tags).get(clause.key) if clause.key in row.tags else None
    return millis(datetime.fromisoformat(getattr(row, _MOMENTS[clause.key])))
