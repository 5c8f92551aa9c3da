"""SQL of predictions that are kept out of data, on an open transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, tuple_

from meguru.predictions.outcome_store import RowId
from meguru.predictions.schema import excluded_prediction
from meguru.predictions.store import chunks

_T = excluded_prediction.c
_MAX_PAIRS = 400


def add(tx: Connection, places: Sequence[RowId], why: str, at: datetime, by: str) -> list[RowId]:
    """Keep predictions out; return those that were not."""
    known = among(tx, places)
    new = [place for place in places if place not in known]
    if new:
        tx.execute(
            insert(excluded_prediction),
            [{"batch_id": batch, "row": row, "reason": why, "at": at, "by": by} for batch, row in new],
        )
    return new


def remove(tx: Connection, places: Sequence[RowId]) -> list[RowId]:
    """Let predictions in again; return those that were kept out."""
    known = among(tx, places)
    for some in chunks(known, _MAX_PAIRS):
        tx.execute(delete(excluded_prediction).where(tuple_(_T.batch_id, _T.row).in_(some)))
    return sorted(known)


def among(tx: Connection, places: Sequence[RowId]) -> set[RowId]:
    """Return which of some predictions are kept out."""
    found: set[RowId] = set()
    for some in chunks(places, _MAX_PAIRS):
        query = select(_T.batch_id, _T.row).where(tuple_(_T.batch_id, _T.row).in_(some))
        found |= {(row.batch_id, row.row) for row in tx.execute(query)}
    return found


def of_batches(tx: Connection, batch_ids: Sequence[str]) -> set[RowId]:
    """Return which predictions of some requests are kept out."""
    found: set[RowId] = set()
    for some in chunks(batch_ids, _MAX_PAIRS):
        query = select(_T.batch_id, _T.row).where(_T.batch_id.in_(some))
        found |= {(row.batch_id, row.row) for row in tx.execute(query)}
    return found
