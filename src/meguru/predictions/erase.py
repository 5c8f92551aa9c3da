"""Predictions about a person lose what was asked, and who it was about."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, delete, select, update

from meguru.artifacts.erasure import ErasedThing, ErasureSubject
from meguru.base import refs
from meguru.kernel.operations import Context
from meguru.predictions import payload
from meguru.predictions.schema import prediction_batch, prediction_key, waiting_outcome

_PAGE = 500


def erase(ctx: Context, subject: ErasureSubject, dry_run: bool) -> list[ErasedThing]:  # noqa: FBT001
    """Erase the features and keys of predictions about a person; scores and outcomes stay, about nobody.

    They are those whose feature has the value, or whose own key is it.
    """
    found: dict[str, int] = {}
    tx, last = ctx.tx, ""
    keyed = _by_key(tx, subject.value)
    while page := _page(tx, last):
        for row in page:
            rows = _matching(row.payload, subject) | keyed.get(row.id, set())
            if rows:
                found[row.endpoint] = found.get(row.endpoint, 0) + len(rows)
                if not dry_run:
                    _scrub(tx, row, rows)
        last = page[-1].id
    waiting = _waiting(tx, subject.value, dry_run=dry_run)
    return [
        *(
            ErasedThing(ref=refs.make("endpoint", name), what="predictions", rows=rows)
            for name, rows in sorted(found.items())
        ),
        *waiting,
    ]


def _page(tx: Connection, after: str) -> list[Any]:
    mine = prediction_batch.c
    query = select(mine.id, mine.endpoint, mine.payload).where(mine.id > after).order_by(mine.id).limit(_PAGE)
    return list(tx.execute(query))


def _by_key(tx: Connection, value: str) -> dict[str, set[int]]:
    mine = prediction_key.c
    found: dict[str, set[int]] = {}
    for row in tx.execute(select(mine.batch_id, mine.row).where(mine.key == value)):
        found.setdefault(row.batch_id, set()).add(row.row)
    return found


def _matching(body: bytes, subject: ErasureSubject) -> set[int]:
    values = payload.features_of(body).get(subject.column, ())
    return {number for number, each in enumerate(values) if each is not None and str(each) == subject.value}


def _scrub(tx: Connection, row: Any, rows: set[int]) -> None:
    mine = prediction_batch.c
    values = {"payload": payload.without_features(row.payload, rows)}
    tx.execute(update(prediction_batch).where(mine.id == row.id).values(values))
    keys = prediction_key.c
    tx.execute(delete(prediction_key).where(keys.batch_id == row.id, keys.row.in_(sorted(rows))))


def _waiting(tx: Connection, value: str, *, dry_run: bool) -> list[ErasedThing]:
    mine = waiting_outcome.c
    endpoints = list(tx.execute(select(mine.endpoint).where(mine.key == value)).scalars())
    if endpoints and not dry_run:
        tx.execute(delete(waiting_outcome).where(mine.key == value))
    return [
        ErasedThing(ref=refs.make("endpoint", name), what="outcomes", rows=endpoints.count(name))
        for name in sorted(set(endpoints))
    ]
