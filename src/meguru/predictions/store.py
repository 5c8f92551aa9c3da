"""SQL of predictions and outcomes, on an open transaction."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, func, insert, select

from meguru.base import refs
from meguru.predictions import counts, ids
from meguru.predictions.schema import outcome, prediction_batch
from meguru.predictions.types import Outcome, PredictionBatch

_IDS_A_QUERY = 900
_INSERT = insert(prediction_batch)


def add(tx: Connection, batches: Sequence[PredictionBatch]) -> None:
    """Write batches."""
    tx.execute(_INSERT, [msgspec.structs.asdict(each) for each in batches])
    counts.add(tx, batches)


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
    query = select(table.id, table.model_ref, table.n, table.payload).where(*_within(endpoint, start, end))
    return list(tx.execute(query.order_by(table.first_time, table.id)))


def outcomes_within(tx: Connection, endpoint: str, start: datetime, end: datetime) -> list[Row[Any]]:
    """Return batch id, row and value of the outcomes of those batches."""
    query = (
        select(outcome.c.batch_id, outcome.c.row, outcome.c.value)
        .join(prediction_batch, prediction_batch.c.id == outcome.c.batch_id)
        .where(*_within(endpoint, start, end))
    )
    return list(tx.execute(query))


def known(tx: Connection, batch_ids: Iterable[str]) -> dict[str, Row[Any]]:
    """Return id, endpoint and row count of those batches that exist, by id."""
    table = prediction_batch.c
    found: dict[str, Row[Any]] = {}
    for some in _chunks(batch_ids):
        query = select(table.id, table.endpoint, table.n).where(table.id.in_(some))
        found |= {row.id: row for row in tx.execute(query)}
    return found


def record(tx: Connection, endpoint: str, rows: Sequence[dict[str, Any]]) -> None:
    """Write outcomes of an endpoint; one that is already there is replaced unless it became known later."""
    if tx.dialect.name == "postgresql":
        from sqlalchemy.dialects.postgresql import insert as upsert
    else:
        from sqlalchemy.dialects.sqlite import insert as upsert  # type: ignore[assignment]
    statement = upsert(outcome)
    new = statement.excluded
    before = _outcomes_of(tx, rows)
    tx.execute(
        statement.on_conflict_do_update(
            index_elements=[outcome.c.batch_id, outcome.c.row],
            set_={"value": new.value, "at": new.at, "recorded_at": new.recorded_at},
            where=outcome.c.at <= new.at,
        ),
        rows,
    )
    counts.add_outcomes(tx, endpoint, _outcomes_of(tx, rows) - before)


def _outcomes_of(tx: Connection, rows: Sequence[dict[str, Any]]) -> int:
    """Count the outcomes of the batches to which some rows belong."""
    query = select(func.count()).select_from(outcome)
    return sum(
        tx.execute(query.where(outcome.c.batch_id.in_(some))).scalar_one()
        for some in _chunks(row["batch_id"] for row in rows)
    )


def outcome_of(tx: Connection, batch_id: str, row: int) -> Outcome | None:
    """Return the outcome of one prediction."""
    query = select(outcome.c.value, outcome.c.at, outcome.c.recorded_at)
    found = tx.execute(query.where(outcome.c.batch_id == batch_id, outcome.c.row == row)).first()
    return None if found is None else Outcome(value=found.value, at=found.at, recorded_at=found.recorded_at)


def _within(endpoint: str, start: datetime, end: datetime) -> tuple[Any, Any, Any]:
    table = prediction_batch.c
    return table.endpoint == endpoint, table.last_time >= start, table.first_time < end


def _chunks(ids: Iterable[str]) -> Iterator[list[str]]:
    todo = list(dict.fromkeys(ids))
    for at in range(0, len(todo), _IDS_A_QUERY):
        yield todo[at : at + _IDS_A_QUERY]


def _batch(row: Row[Any]) -> PredictionBatch:
    return PredictionBatch(**row._mapping)
