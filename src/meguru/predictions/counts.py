"""What each endpoint ever answered, counted as it happens: to count its history takes longer each day.

With the counts goes which span of event time was touched. It is written with what touches it, so nobody has
to compare clocks to find what came late.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, func, select, update

from meguru.predictions.schema import prediction_count
from meguru.predictions.types import PredictionBatch, Totals
from meguru.storage.db import rowwise

SHARDS = 16
"""Rows that share the count of an endpoint: with one, all servers on PostgreSQL would queue for its lock at
each commit of predictions."""
_COUNTS = ("predictions", "requests", "outcomes")
_LATEST = ("last_received_at", "arrived_at", "last_time", "known_until", "touched_until")
_EARLIEST = ("touched_from",)
_SUMMED = [
    *(func.sum(prediction_count.c[name]).label(name) for name in _COUNTS),
    *(func.max(prediction_count.c[name]).label(name) for name in _LATEST),
    *(func.min(prediction_count.c[name]).label(name) for name in _EARLIEST),
]


class Arrivals(msgspec.Struct, frozen=True, kw_only=True):
    """What arrived of one endpoint: how much, when the last of it, and which event times were touched.

    `arrived_at` is of predictions and outcomes, `last_received_at` of predictions alone. `last_time` is the
    latest event time, `known_until` the latest moment at which an outcome is said to have become known. The
    span from `touched_from` to `touched_until` (both in it) is what changed since `take`.
    """

    predictions: int
    requests: int
    outcomes: int
    last_received_at: datetime | None = None
    arrived_at: datetime | None = None
    last_time: datetime | None = None
    known_until: datetime | None = None
    touched_from: datetime | None = None
    touched_until: datetime | None = None


def add(tx: Connection, batches: Iterable[PredictionBatch]) -> None:
    """Count batches, in the transaction that writes them."""
    counted: dict[str, dict[str, Any]] = {}
    for batch in batches:
        row = counted.setdefault(
            batch.endpoint,
            _row(batch.endpoint)
            | {
                "last_received_at": batch.received_at,
                "arrived_at": batch.received_at,
                "last_time": batch.last_time,
                "touched_from": batch.first_time,
                "touched_until": batch.last_time,
            },
        )
        row["predictions"] += batch.n
        row["requests"] += 1
        row["last_received_at"] = row["arrived_at"] = max(row["arrived_at"], batch.received_at)
        row["last_time"] = row["touched_until"] = max(row["touched_until"], batch.last_time)
        row["touched_from"] = min(row["touched_from"], batch.first_time)
    # Rows are locked in one order by all servers: two that took them in different orders could deadlock.
    _count(tx, [counted[endpoint] for endpoint in sorted(counted)])


def add_outcomes(
    tx: Connection,
    endpoint: str,
    count: int,
    *,
    at: datetime,
    span: tuple[datetime, datetime],
    known_until: datetime | None,
) -> None:
    """Count outcomes that are news, in the transaction that writes them.

    Parameters
    ----------
    tx
        The write transaction.
    endpoint
        Whose predictions they are of.
    count
        How many were not known at all before.
    at
        When they arrived.
    span
        The first and the last event time of the requests that the predictions belong to.
    known_until
        The latest moment at which the sender says that one became known; None when it did not say.
    """
    arrived = {
        "outcomes": count,
        "arrived_at": at,
        "known_until": known_until,
        "touched_from": span[0],
        "touched_until": span[1],
    }
    _count(tx, [_row(endpoint) | arrived])


def arrivals(tx: Connection, *endpoints: str) -> dict[str, Arrivals]:
    """Return what arrived of each endpoint, or of those named, by endpoint; none where nothing ever did."""
    query = select(prediction_count.c.endpoint, *_SUMMED).group_by(prediction_count.c.endpoint)
    if endpoints:
        query = query.where(prediction_count.c.endpoint.in_(endpoints))
    found: dict[str, Arrivals] = {}
    for row in tx.execute(query):
        values = dict(row._mapping)
        endpoint = values.pop("endpoint")
        found[endpoint] = Arrivals(**values | {name: int(values[name]) for name in _COUNTS})
    return found


def take_touched_span(tx: Connection, endpoint: str) -> tuple[datetime, datetime] | None:
    """Return the span of event time that was touched since the last call, and begin a new one; None: none.

    What is under way is not in it: it is in the next one, as its commit comes after.
    """
    table = prediction_count
    mine = (table.c.endpoint == endpoint) & table.c.touched_from.is_not(None)
    # Each row is locked where it is read, in one order for all: what is added meanwhile waits for us.
    query = select(table.c.shard, table.c.touched_from, table.c.touched_until).where(mine)
    rows = list(tx.execute(query.order_by(table.c.shard).with_for_update()))
    if not rows:
        return None
    # Only what was read: on PostgreSQL (READ COMMITTED) each statement sees what was committed by then, and a
    # shard that was first touched between the two would be emptied without anybody having seen its span.
    read = (table.c.endpoint == endpoint) & table.c.shard.in_([row.shard for row in rows])
    tx.execute(update(table).where(read).values(touched_from=None, touched_until=None))
    return min(row.touched_from for row in rows), max(row.touched_until for row in rows)


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
        **dict.fromkeys((*_LATEST, *_EARLIEST)),
    }


def _count(tx: Connection, rows: list[dict[str, Any]]) -> None:
    rowwise.insert(tx, prediction_count, *rows, on_conflict=_ADD)


def _merged(name: str) -> str:
    new, known = f"excluded.{name}", f"prediction_count.{name}"
    if name in _COUNTS:
        return f"{name} = {known} + {new}"
    # No greatest()/least(): SQLite's max(a, b) is null if one is, PostgreSQL's greatest() ignores nulls.
    beyond = ">" if name in _LATEST else "<"
    return f"{name} = CASE WHEN {new} {beyond} {known} OR {known} IS NULL THEN {new} ELSE {known} END"


_ADD = " ON CONFLICT (endpoint, shard) DO UPDATE SET " + ", ".join(
    _merged(name) for name in (*_COUNTS, *_LATEST, *_EARLIEST)
)
