"""Retention of predictions: old ones go with their outcomes, and stay counted."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, delete, func, select

from meguru.base import refs
from meguru.kernel.operations import Context
from meguru.predictions.schema import (
    earlier_outcome,
    excluded_prediction,
    outcome,
    prediction_batch,
    prediction_key,
    uncounted_batch,
)

MAX_REQUESTS = 500
"""Requests that go in one transaction."""


class PredictionRecords:
    """Requests for predictions of an endpoint, by when they were received."""

    what = "predictions"

    def about(self, tx: Connection) -> Iterable[str]:
        """Return the endpoints that have any."""
        found = tx.execute(select(prediction_batch.c.endpoint).distinct()).scalars()
        return [refs.make("endpoint", each) for each in found]

    def older(self, tx: Connection, ref: str, before: datetime) -> tuple[int, int]:
        """Return how many predictions there are from before a moment, and their bytes."""
        mine = prediction_batch.c
        size = func.sum(func.length(mine.payload))
        query = select(func.coalesce(func.sum(mine.n), 0), func.coalesce(size, 0)).where(_old(ref, before))
        rows, found = tx.execute(query).one()
        return int(rows), int(found)

    # In pieces: the caller commits after each, so that nobody waits for the lock of a year's predictions.
    def remove(self, ctx: Context, ref: str, before: datetime) -> tuple[int, int]:
        """Remove some of them, the oldest first."""
        mine = prediction_batch.c
        query = select(mine.id, mine.n, func.length(mine.payload)).where(_old(ref, before))
        rows = ctx.tx.execute(query.order_by(mine.received_at).limit(MAX_REQUESTS)).all()
        ids = [row[0] for row in rows]
        if ids:
            # What refers to the requests first; then they themselves.
            for table in (prediction_key, outcome, earlier_outcome, excluded_prediction, uncounted_batch):
                ctx.tx.execute(delete(table).where(table.c.batch_id.in_(ids)))
            ctx.tx.execute(delete(prediction_batch).where(mine.id.in_(ids)))
        return sum(row[1] for row in rows), sum(row[2] for row in rows)


def _old(ref: str, before: datetime) -> ColumnElement[bool]:
    mine = prediction_batch.c
    return (mine.endpoint == refs.parse(ref).name) & (mine.received_at < before)


def records() -> dict[str, PredictionRecords]:
    """Return what obeys the rules of retention."""
    return {"predictions": PredictionRecords()}
