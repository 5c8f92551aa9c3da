"""What is known for certain: the inputs that were asked, with what really happened, day by day."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Row, exists, select

from meguru.base.timestamps import read_time
from meguru.predictions import excluded_store, ids
from meguru.predictions.schema import outcome, prediction_batch
from meguru.predictions.store import chunks
from meguru.predictions.types import ID_COLUMN, OUTCOME_COLUMN
from meguru.predictions.window import frame_of

if TYPE_CHECKING:
    import polars as pl

A_PART = 100_000
"""Predictions that are in memory at a time, with their inputs."""
_A_QUERY = 900


def known_of_day(tx: Connection, endpoint: str, day: str) -> Iterator[pl.DataFrame]:
    """Give the predictions with outcomes of the requests that were received on a day (UTC), in parts.

    The columns are those of `window.frame`; what is excluded from data is left out.
    """
    import polars as pl

    for part in _parts(_received(tx, endpoint, day)):
        batch_ids = [row.id for row in part]
        known = _outcomes(tx, batch_ids)
        whole = frame_of(_with_payload(tx, batch_ids), known).filter(pl.col(OUTCOME_COLUMN).is_not_null())
        left_out = [ids.join(*place) for place in excluded_store.of_batches(tx, batch_ids)]
        yield whole.filter(~pl.col(ID_COLUMN).is_in(left_out)) if left_out else whole


def _received(tx: Connection, endpoint: str, day: str) -> list[Row[Any]]:
    start = read_time(f"{day}T00:00:00.000000Z")
    table = prediction_batch.c
    told = exists().where(outcome.c.batch_id == table.id)
    span = (table.received_at >= start) & (table.received_at < _next(start))
    query = select(table.id, table.n).where(table.endpoint == endpoint, span, told)
    return list(tx.execute(query.order_by(table.received_at, table.id)))


def _parts(batches: Sequence[Row[Any]]) -> Iterator[list[Row[Any]]]:
    part: list[Row[Any]] = []
    size = 0
    for each in batches:
        part.append(each)
        size += each.n
        if size >= A_PART:
            yield part
            part, size = [], 0
    if part:
        yield part


def _with_payload(tx: Connection, batch_ids: Sequence[str]) -> list[Row[Any]]:
    table = prediction_batch.c
    found: list[Row[Any]] = []
    for some in chunks(batch_ids, _A_QUERY):
        query = select(table.id, table.model_ref, table.n, table.payload).where(table.id.in_(some))
        found += tx.execute(query)
    return sorted(found, key=lambda row: str(row.id))


def _outcomes(tx: Connection, batch_ids: Sequence[str]) -> list[Row[Any]]:
    table = outcome.c
    found: list[Row[Any]] = []
    for some in chunks(batch_ids, _A_QUERY):
        query = select(table.batch_id, table.row, table.value, table.json)
        found += tx.execute(query.where(table.batch_id.in_(some)))
    return found


def _next(start: datetime) -> datetime:
    return start + timedelta(days=1) if start.date() < date.max else start
