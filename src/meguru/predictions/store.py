"""SQL of predictions, on an open transaction."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, TypeVar

import msgspec
from sqlalchemy import Connection, Row, Select, insert, select

from meguru.base import refs
from meguru.predictions import aggregation_queue, counts, ids
from meguru.predictions.schema import prediction_batch, prediction_key
from meguru.predictions.types import PredictionBatch
from meguru.storage.db import rowwise

_MAX_PARAMETERS = 900
"""Ids in one statement: SQLite before 3.32 takes 999 parameters."""
_PAGE_SIZE = 10
_INSERT_KEY = insert(prediction_key)
T = TypeVar("T")


def add(tx: Connection, batches: Sequence[PredictionBatch]) -> None:
    """Write batches."""
    values = [msgspec.structs.asdict(each) for each in batches]
    keyed = [each for each, value in zip(batches, values, strict=True) if value.pop("rows")]
    rowwise.insert(tx, prediction_batch, *values)
    # In one transaction with the rows themselves: counts and queue are right whenever the process is killed.
    if keyed:
        tx.execute(_INSERT_KEY, [row for batch in keyed for row in _keys(batch)])
    counts.add(tx, batches)
    aggregation_queue.add(tx, batches)


def _keys(batch: PredictionBatch) -> Iterator[dict[str, Any]]:
    for row, (key, time) in enumerate(batch.rows or ()):
        yield {"batch_id": batch.id, "row": row, "endpoint": batch.endpoint, "key": key, "time": time}


def get(tx: Connection, batch_id: str) -> PredictionBatch | None:
    """Return one batch."""
    row = tx.execute(select(prediction_batch).where(prediction_batch.c.id == batch_id)).first()
    return None if row is None else _batch(row)


def project_of(tx: Connection, prediction_id: str) -> str | None:
    """Return the project of a prediction, or of a whole request: its endpoint's; None if there is none."""
    key = ids.split(prediction_id)
    table = prediction_batch.c
    query = select(table.endpoint).where(table.id == (key[0] if key else prediction_id))
    endpoint = tx.execute(query).scalar()
    return None if endpoint is None else refs.project_of(endpoint)


def by_key(tx: Connection, endpoint: str, key: str) -> PredictionBatch | None:
    """Return the batch that was answered under an idempotency key."""
    table = prediction_batch.c
    row = tx.execute(select(prediction_batch).where(table.endpoint == endpoint, table.key == key)).first()
    return None if row is None else _batch(row)


def overlapping(tx: Connection, endpoint: str, start: datetime, end: datetime) -> list[Row[Any]]:
    """Return id, model, size and payload of the batches that may have event times in ``[start, end)``."""
    table = prediction_batch.c
    query = select(table.id, table.model_ref, table.n, table.payload).where(*within(endpoint, start, end))
    return list(tx.execute(query.order_by(table.first_time, table.id)))


def in_parts(tx: Connection, batches: Select[Any], max_rows: int) -> Iterator[list[Row[Any]]]:
    """Give batches in lists of about so many rows, with id, model, size and payload; each list by id.

    `batches` selects their ids and sizes (`n`), in the order in which the lists are wanted.
    """
    table = prediction_batch.c
    for part in _of_size(list(tx.execute(batches)), max_rows):
        found: list[Row[Any]] = []
        for some in chunks([row.id for row in part], _MAX_PARAMETERS):
            query = select(table.id, table.model_ref, table.n, table.payload).where(table.id.in_(some))
            found += tx.execute(query)
        yield sorted(found, key=lambda row: str(row.id))


def _of_size(batches: Sequence[Row[Any]], max_rows: int) -> Iterator[list[Row[Any]]]:
    part: list[Row[Any]] = []
    size = 0
    for each in batches:
        part.append(each)
        size += each.n
        if size >= max_rows:
            yield part
            part, size = [], 0
    if part:
        yield part


def find_batches(tx: Connection, batch_ids: Iterable[str]) -> dict[str, Row[Any]]:
    """Return id, endpoint, row count and model of those batches that exist, by id."""
    table = prediction_batch.c
    found: dict[str, Row[Any]] = {}
    for some in chunks(dict.fromkeys(batch_ids), _MAX_PARAMETERS):
        query = select(table.id, table.endpoint, table.n, table.model_ref).where(table.id.in_(some))
        found |= {row.id: row for row in tx.execute(query)}
    return found


def keys_of(tx: Connection, batch_ids: Iterable[str]) -> dict[tuple[str, int], str]:
    """Return the client's own keys of the rows of some batches, by batch and row."""
    table = prediction_key.c
    found: dict[tuple[str, int], str] = {}
    for some in chunks(batch_ids, _MAX_PARAMETERS):
        rows = tx.execute(select(table.batch_id, table.row, table.key).where(table.batch_id.in_(some)))
        found |= {(row.batch_id, row.row): row.key for row in rows}
    return found


def between(tx: Connection, endpoint: str, first: str, last: str) -> list[PredictionBatch]:
    """Return an endpoint's batches from one id to another, in order of their ids."""
    table = prediction_batch.c
    query = select(prediction_batch).where(table.id.between(first, last), table.endpoint == endpoint)
    return [_batch(row) for row in tx.execute(query.order_by(table.id))]


def newest(
    tx: Connection, endpoint: str, *, before: PredictionBatch | None, limit: int
) -> list[PredictionBatch]:
    """Return an endpoint's batches, newest first."""
    table = prediction_batch.c
    query = select(prediction_batch).where(table.endpoint == endpoint)
    if before is not None:
        at = before.received_at
        same = (table.received_at == at) & (table.id < before.id)
        query = query.where(table.received_at <= at, (table.received_at < at) | same)
    ordered = query.order_by(table.received_at.desc(), table.id.desc()).limit(limit)
    return [_batch(row) for row in tx.execute(ordered)]


def newest_first(
    tx: Connection, endpoint: str, *, before: PredictionBatch | None = None
) -> Iterator[PredictionBatch]:
    """Give an endpoint's batches, newest first, reading a few at a time: each may have megabytes of rows."""
    while batches := newest(tx, endpoint, before=before, limit=_PAGE_SIZE):
        yield from batches
        before = batches[-1]


def within(endpoint: str, start: datetime, end: datetime) -> tuple[Any, Any, Any]:
    """Return the conditions of batches that may have event times in ``[start, end)``.

    A batch is known by its first and last time alone: some of its rows may lie outside.
    """
    table = prediction_batch.c
    return table.endpoint == endpoint, table.last_time >= start, table.first_time < end


def chunks(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Cut items into lists of at most so many."""
    todo = list(items)
    for at in range(0, len(todo), size):
        yield todo[at : at + size]


def _batch(row: Row[Any]) -> PredictionBatch:
    return PredictionBatch(**row._mapping)
