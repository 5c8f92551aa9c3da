"""SQL of unmatched outcomes, which wait for their predictions, on an open transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, and_, delete, exists, func, or_, select, update

from meguru.base import digests
from meguru.errors import Conflict, InvalidInput
from meguru.predictions import ids
from meguru.predictions.schema import prediction_batch, prediction_key, waiting_outcome
from meguru.predictions.store import chunks
from meguru.predictions.types import MAX_WAITING, MAX_WAITING_BYTES, OutcomeInput, WaitingOutcome
from meguru.storage.db.upsert import insert_into

_MAX_ROWS = 500
_W = waiting_outcome.c


def add(tx: Connection, endpoint: str, given: Sequence[OutcomeInput], now: datetime, by: str) -> int:
    """Keep outcomes until their predictions are there, each once; return how many are new."""
    if not given:
        return 0
    from meguru.kernel import events  # here: reading needs no log

    made = events.latest(tx, subject=f"endpoint/{endpoint}", types=("endpoint.created", "endpoint.retired"))
    if made is None or made.type == "endpoint.retired":
        raise InvalidInput(
            f"there is no endpoint {endpoint!r} whose predictions outcomes could wait for", field="endpoint"
        )
    rows = [_row(endpoint, outcome_input, now, by) for outcome_input in given]
    before = count(tx, endpoint)  # and again at the end: rows that were there already are not inserted
    if before + len(rows) > MAX_WAITING:
        raise Conflict(
            f"{before:,} outcomes of {endpoint} wait for predictions that nobody knows",
            why=f"at most {MAX_WAITING:,} may",
            hint=f"look at them: meguru outcome waiting {endpoint}",
        )
    for some in chunks(rows, _MAX_ROWS):
        tx.execute(insert_into(waiting_outcome, tx.dialect.name).values(some).on_conflict_do_nothing())
    return count(tx, endpoint) - before


def count(tx: Connection, endpoint: str) -> int:
    """Return how many outcomes of an endpoint wait."""
    query = select(func.count()).select_from(waiting_outcome).where(_W.endpoint == endpoint)
    return tx.execute(query).scalar_one()


def endpoints(tx: Connection) -> dict[str, int]:
    """Return the newest number that waits by endpoint."""
    query = select(_W.endpoint, func.max(_W.id)).where(_W.problem.is_(None)).group_by(_W.endpoint)
    return {row[0]: row[1] for row in tx.execute(query)}


def page(tx: Connection, endpoint: str, *, after: int, limit: int) -> list[WaitingOutcome]:
    """Return what waits, in order of its arrival."""
    query = select(waiting_outcome).where(_W.endpoint == endpoint, _W.id > after)
    return [_waiting(row) for row in tx.execute(query.order_by(_W.id).limit(limit))]


def joinable(tx: Connection, endpoint: str, limit: int) -> list[WaitingOutcome]:
    """Return what waits no longer: its prediction is there."""
    batch, key = prediction_batch.c, prediction_key.c
    by_id = exists().where(batch.id == _W.batch_id, batch.endpoint == _W.endpoint, batch.n > _W.row)
    # `at` defaults to the time of receipt, and that says nothing: then the prediction may also have come
    # later.
    in_time = or_(
        key.time == _W.time,
        and_(_W.time.is_(None), or_(key.time <= _W.at, _W.at == _W.recorded_at)),
    )
    by_key = exists().where(key.endpoint == _W.endpoint, key.key == _W.key, in_time)
    query = select(waiting_outcome).where(
        _W.endpoint == endpoint,
        _W.problem.is_(None),
        or_(and_(_W.batch_id != "", by_id), and_(_W.key != "", by_key)),
    )
    return [_waiting(row) for row in tx.execute(query.order_by(_W.id).limit(limit))]


def remove(tx: Connection, numbers: Iterable[int]) -> None:
    """Have outcomes wait no longer."""
    for some in chunks(numbers, _MAX_ROWS):
        tx.execute(delete(waiting_outcome).where(_W.id.in_(some)))


def forget(tx: Connection, endpoint: str, before: datetime) -> int:
    """Remove what arrived before a moment; return how many that were."""
    return tx.execute(
        delete(waiting_outcome).where(_W.endpoint == endpoint, _W.recorded_at < before)
    ).rowcount


def mark(tx: Connection, number: int, problem: str) -> None:
    """Write down why an outcome can't be that of its prediction: it is kept, and not tried again."""
    tx.execute(update(waiting_outcome).where(_W.id == number).values(problem=problem[:500]))


def _row(endpoint: str, given: OutcomeInput, now: datetime, by: str) -> dict[str, Any]:
    place = ids.split(given.prediction_id) if given.prediction_id else None
    text = msgspec.json.encode(given.value, order="sorted").decode()
    if len(text) > MAX_WAITING_BYTES:
        why = f"it has {len(text):,} bytes, at most {MAX_WAITING_BYTES:,} are possible"
        raise InvalidInput("this outcome is too large to wait for its prediction", why=why, field="outcomes")
    said = [place, str(given.key), given.time, text, given.at]
    return {
        "endpoint": endpoint,
        "digest": digests.of_value(said),
        "batch_id": place[0] if place else "",
        "row": place[1] if place else 0,
        "key": str(given.key),
        "time": given.time,
        "json": text,
        "at": given.at or now,
        "recorded_at": now,
        "recorded_by": by,
        "problem": None,
    }


def _waiting(row: Row[Any]) -> WaitingOutcome:
    return WaitingOutcome(
        number=row.id,
        endpoint=row.endpoint,
        value=msgspec.json.decode(row.json),
        prediction_id=ids.join(row.batch_id, row.row) if row.batch_id else "",
        key=row.key,
        time=row.time,
        at=row.at,
        recorded_at=row.recorded_at,
        recorded_by=row.recorded_by,
        problem=row.problem or "",
    )
