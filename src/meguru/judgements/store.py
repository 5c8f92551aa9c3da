"""SQL of feedback, on an open transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, and_, exists, func, insert, or_, select, tuple_, update

from meguru.base import digests, refs
from meguru.base.ids import new_id
from meguru.judgements.schema import feedback
from meguru.judgements.types import Feedback, FeedbackInput
from meguru.predictions import ids
from meguru.predictions.outcome_store import RowId
from meguru.predictions.schema import prediction_key
from meguru.predictions.store import chunks

_F = feedback.c
_MAX_PAIRS = 400


def row_of(
    endpoint: str, given: FeedbackInput, place: RowId | None, now: datetime, by: str
) -> dict[str, Any]:
    """Return a judgement as it is written; its digest is of what was said, by whom, of what."""
    label = None if given.label is None else msgspec.json.encode(given.label, order="sorted").decode()
    judge = given.by or by
    key, time = (str(given.key), given.time) if given.key != "" else ("", None)
    # The identity of a judgement: sent again it has the same digest, and the unique index keeps it from
    # counting twice.
    said = [place or [key, time], judge, given.thumb, given.rating, label, given.comment, given.at]
    return {
        "id": new_id("fb"),
        "endpoint": endpoint,
        "digest": digests.of_value(said),
        "batch_id": place[0] if place else "",
        "row": place[1] if place else 0,
        "key": key,
        "time": time,
        "judge": judge,
        "thumb": given.thumb,
        "rating": given.rating,
        "label": label,
        "comment": given.comment,
        "at": given.at or now,
        "recorded_at": now,
        "recorded_by": by,
        "counts": place is not None,
    }


def recorded_digests(tx: Connection, endpoint: str, said: Iterable[str]) -> dict[str, bool]:
    """Return which digests were recorded before, and whether they count."""
    found: dict[str, bool] = {}
    for some in chunks(dict.fromkeys(said), _MAX_PAIRS):
        query = select(_F.digest, _F.counts).where(_F.endpoint == endpoint, _F.digest.in_(some))
        found |= {row.digest: row.counts for row in tx.execute(query)}
    return found


def add(tx: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Write judgements."""
    if rows:
        tx.execute(insert(feedback), list(rows))


def of_places(tx: Connection, places: Iterable[RowId]) -> list[Row[Any]]:
    """Return all judgements on some predictions, the oldest first."""
    found: list[Row[Any]] = []
    for some in chunks(dict.fromkeys(places), _MAX_PAIRS):
        found += tx.execute(select(feedback).where(tuple_(_F.batch_id, _F.row).in_(some)))
    return sorted(found, key=lambda row: (row.at, row.id))


def mark(tx: Connection, numbers: Iterable[str], *, counts: bool) -> None:
    """Say of judgements whether they count."""
    for some in chunks(numbers, _MAX_PAIRS):
        tx.execute(update(feedback).where(_F.id.in_(some)).values(counts=counts))


def count_waiting(tx: Connection, endpoint: str) -> int:
    """Return how many judgements of an endpoint wait for their predictions."""
    query = select(func.count()).select_from(feedback).where(_F.endpoint == endpoint, _F.batch_id == "")
    return tx.execute(query).scalar_one()


def waiting_endpoints(tx: Connection) -> dict[str, str]:
    """Return the newest judgement that waits, by endpoint."""
    query = select(_F.endpoint, func.max(_F.id)).where(_F.batch_id == "").group_by(_F.endpoint)
    return {row[0]: row[1] for row in tx.execute(query)}


def joinable(tx: Connection, endpoint: str, limit: int) -> list[Feedback]:
    """Return judgements that wait no longer: their prediction is there."""
    key = prediction_key.c
    in_time = or_(
        key.time == _F.time,
        and_(_F.time.is_(None), or_(key.time <= _F.at, _F.at == _F.recorded_at)),
    )
    there = exists().where(key.endpoint == _F.endpoint, key.key == _F.key, in_time)
    query = select(feedback).where(_F.endpoint == endpoint, _F.batch_id == "", there)
    return [feedback_of(row) for row in tx.execute(query.order_by(_F.id).limit(limit))]


def place(tx: Connection, id: str, where: RowId) -> None:
    """Say of which prediction a judgement is that waited for it."""
    tx.execute(update(feedback).where(_F.id == id).values(batch_id=where[0], row=where[1], counts=True))


def page(tx: Connection, endpoint: str, *, at: RowId | None, before: str, limit: int) -> list[Feedback]:
    """Return judgements, newest first; of one prediction if asked for."""
    query = select(feedback).where(_F.endpoint == endpoint)
    if at is not None:
        query = query.where(_F.batch_id == at[0], _F.row == at[1])
    if before:
        query = query.where(_F.id < before)
    return [feedback_of(row) for row in tx.execute(query.order_by(_F.id.desc()).limit(limit))]


def feedback_of(row: Row[Any]) -> Feedback:
    """Return a row as what it tells."""
    return Feedback(
        id=row.id,
        endpoint=row.endpoint,
        prediction_id=ids.join(row.batch_id, row.row) if row.batch_id else "",
        key=row.key,
        time=row.time,
        judge=row.judge,
        thumb=row.thumb,
        rating=row.rating,
        label=None if row.label is None else msgspec.json.decode(row.label),
        comment=row.comment,
        at=row.at,
        recorded_at=row.recorded_at,
        recorded_by=row.recorded_by,
        counts=row.counts,
    )


def project_of(tx: Connection, id: str) -> str | None:
    """Return the project of a judgement, its endpoint's; None if there is none of this id."""
    endpoint = tx.execute(select(_F.endpoint).where(_F.id == id)).scalar()
    return None if endpoint is None else refs.project_of(endpoint)
