"""Usage of contracts by principal: SQL, on an open transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, func, select

from meguru.serving.contracts.schema import consumer
from meguru.serving.contracts.types import Consumer
from meguru.storage.db.upsert import insert_into

MAX_PRINCIPALS = 200
"""So many principals of one endpoint are told apart."""
OTHERS = "(others)"
RECENT = timedelta(days=30)


def add(tx: Connection, endpoint: str, seen: Sequence[Consumer]) -> None:
    """Add what was answered since the last time; principals beyond `MAX_PRINCIPALS` are counted as one."""
    rows = _bounded(tx, endpoint, seen)
    statement = insert_into(consumer, tx.dialect.name)
    new = statement.excluded
    # The greater of two values is max() in SQLite and greatest() in PostgreSQL; neither is ever null here.
    later = func.max if tx.dialect.name == "sqlite" else func.greatest
    tx.execute(
        statement.on_conflict_do_update(
            index_elements=[consumer.c.endpoint, consumer.c.contract, consumer.c.principal],
            set_={
                "requests": consumer.c.requests + new.requests,
                "rows": consumer.c.rows + new.rows,
                "last_seen": later(consumer.c.last_seen, new.last_seen),
            },
        ),
        rows,
    )


def of(tx: Connection, endpoint: str, *, since: datetime | None = None) -> list[Consumer]:
    """Return who speaks an endpoint's contracts (`since`: and was seen after), the latest first."""
    query = select(consumer).where(consumer.c.endpoint == endpoint)
    if since is not None:
        query = query.where(consumer.c.last_seen >= since)
    rows = tx.execute(
        query.order_by(consumer.c.last_seen.desc(), consumer.c.principal).limit(2 * MAX_PRINCIPALS)
    )
    return [Consumer(**{k: v for k, v in row._mapping.items() if k != "endpoint"}) for row in rows]


def _bounded(tx: Connection, endpoint: str, seen: Sequence[Consumer]) -> list[dict[str, Any]]:
    query = (
        select(consumer.c.principal)
        .where(consumer.c.endpoint == endpoint)
        .distinct()
        .limit(MAX_PRINCIPALS + 1)
    )
    known = set(tx.execute(query).scalars())
    rows: dict[tuple[int, str], dict[str, Any]] = {}
    for each in sorted(seen, key=lambda one: one.principal):
        if each.principal not in known and len(known) >= MAX_PRINCIPALS:
            name = OTHERS
        else:
            name = each.principal
            known.add(name)
        row = rows.setdefault(
            (each.contract, name),
            {
                "endpoint": endpoint,
                "contract": each.contract,
                "principal": name,
                "requests": 0,
                "rows": 0,
                "first_seen": each.first_seen,
                "last_seen": each.last_seen,
            },
        )
        row["requests"] += each.requests
        row["rows"] += each.rows
        row["first_seen"] = min(row["first_seen"], each.first_seen)
        row["last_seen"] = max(row["last_seen"], each.last_seen)
    # In one order for all servers: two that wrote the same rows in different orders could deadlock on
    # PostgreSQL.
    return [rows[key] for key in sorted(rows)]
