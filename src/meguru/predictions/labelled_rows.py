"""Labelled rows: the inputs that were asked, with what really happened, day by day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Select, exists, select

from meguru.base.timestamps import read_time
from meguru.predictions import excluded_store, ids, outcome_store, store
from meguru.predictions.schema import outcome, prediction_batch
from meguru.predictions.types import ID_COLUMN, OUTCOME_COLUMN
from meguru.predictions.window import frame_of

if TYPE_CHECKING:
    import polars as pl

MAX_ROWS = 100_000
"""Predictions that are in memory at a time, with their inputs."""


def labelled_rows_of_day(tx: Connection, endpoint: str, day: str) -> Iterator[pl.DataFrame]:
    """Give the predictions with outcomes of the requests that were received on a day (UTC), in parts.

    The columns are those of `window.frame`; what is excluded from data is left out.
    """
    import polars as pl

    for part in store.in_parts(tx, _received(endpoint, day), MAX_ROWS):
        batch_ids = [row.id for row in part]
        known = outcome_store.of_batches(tx, batch_ids)
        whole = frame_of(part, known).filter(pl.col(OUTCOME_COLUMN).is_not_null())
        left_out = [ids.join(*place) for place in excluded_store.of_batches(tx, batch_ids)]
        yield whole.filter(~pl.col(ID_COLUMN).is_in(left_out)) if left_out else whole


def _received(endpoint: str, day: str) -> Select[Any]:
    start = read_time(f"{day}T00:00:00.000000Z")
    end = start + timedelta(days=1) if start.date() < date.max else start
    table = prediction_batch.c
    has_outcome = exists().where(outcome.c.batch_id == table.id)
    span = (table.received_at >= start) & (table.received_at < end)
    query = select(table.id, table.n).where(table.endpoint == endpoint, span, has_outcome)
    return query.order_by(table.received_at, table.id)
