"""How much each endpoint ever answered, counted as it happens: to count its history takes longer each day."""

from __future__ import annotations

import os
from collections.abc import Iterable
from functools import cache
from typing import Any

from sqlalchemy import Connection, Executable, case, func, select

from meguru.predictions.schema import prediction_count
from meguru.predictions.types import PredictionBatch, Totals

SHARDS = 16
"""So many rows share the count of an endpoint: servers on PostgreSQL seldom wait for each other's."""


def add(tx: Connection, batches: Iterable[PredictionBatch]) -> None:
    """Count batches, in the transaction that writes them."""
    counted: dict[str, dict[str, Any]] = {}
    for batch in batches:
        row = counted.setdefault(
            batch.endpoint,
            _row(batch.endpoint) | {"predictions": 0, "requests": 0, "last_received_at": batch.received_at},
        )
        row["predictions"] += batch.n
        row["requests"] += 1
        row["last_received_at"] = max(row["last_received_at"], batch.received_at)
    # In one order for all servers, so that no two wait for each other.
    _count(tx, [counted[endpoint] for endpoint in sorted(counted)])


def add_outcomes(tx: Connection, endpoint: str, count: int) -> None:
    """Count outcomes that were not known before, in the transaction that writes them."""
    if count:
        _count(tx, [_row(endpoint) | {"outcomes": count}])


def totals(tx: Connection, endpoint: str) -> Totals:
    """Tell what an endpoint answered."""
    table = prediction_count.c
    sums = [
        func.coalesce(func.sum(table[name]), 0).label(name)
        for name in ("predictions", "requests", "outcomes")
    ]
    query = select(*sums, func.max(table.last_received_at).label("last")).where(table.endpoint == endpoint)
    row = tx.execute(query).one()
    return Totals(
        predictions=int(row.predictions),
        requests=int(row.requests),
        outcomes=int(row.outcomes),
        last_received_at=row.last,
    )


def _row(endpoint: str) -> dict[str, Any]:
    return {
        "endpoint": endpoint,
        "shard": os.getpid() % SHARDS,
        "predictions": 0,
        "requests": 0,
        "outcomes": 0,
        "last_received_at": None,
    }


def _count(tx: Connection, rows: list[dict[str, Any]]) -> None:
    if rows:
        tx.execute(_added(tx.dialect.name), rows)


@cache
def _added(dialect: str) -> Executable:
    """Return the statement that adds to counts; it is made once, as each commit of predictions needs it."""
    if dialect == "postgresql":
        from sqlalchemy.dialects.postgresql import insert as upsert
    else:
        from sqlalchemy.dialects.sqlite import insert as upsert  # type: ignore[assignment]
    statement = upsert(prediction_count)
    known, new = prediction_count.c, statement.excluded
    summed = {name: known[name] + new[name] for name in ("predictions", "requests", "outcomes")}
    later = (new.last_received_at > known.last_received_at) | known.last_received_at.is_(None)
    last = case((later, new.last_received_at), else_=known.last_received_at)
    return statement.on_conflict_do_update(
        index_elements=[known.endpoint, known.shard], set_=summed | {"last_received_at": last}
    )
