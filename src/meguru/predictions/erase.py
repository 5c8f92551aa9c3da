"""Predictions about a person lose what was asked, and who it was about."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import Connection, delete, select, update

from meguru.artifacts.erasure import ErasedThing, ErasureSubject
from meguru.base import refs
from meguru.kernel.operations import Context
from meguru.predictions import payload, uncounted
from meguru.predictions.outcome_store import Place
from meguru.predictions.schema import prediction_batch, prediction_key, waiting_outcome
from meguru.predictions.store import chunks
from meguru.predictions.types import SENT_PREFIX

_PAGE = 100
"""Requests, each of up to some megabytes."""


def erase(ctx: Context, subject: ErasureSubject, dry_run: bool) -> list[ErasedThing]:  # noqa: FBT001
    """Erase the features and keys of predictions about a person; scores and outcomes stay, about nobody.

    They are those whose feature has the value, or whose own key is it.
    """
    found: dict[str, int] = {}
    tx, last = ctx.tx, ""
    keyed = _by_key(tx, subject)
    while page := _page(tx, last):
        for row in page:
            rows = _matching(row.payload, subject) | keyed.get(row.id, set())
            if rows:
                found[row.endpoint] = found.get(row.endpoint, 0) + len(rows)
                if not dry_run:
                    _scrub(tx, row, rows)
        last = page[-1].id
    if not dry_run:
        for endpoint in sorted(found):
            uncounted.anew(tx, endpoint)  # no cell may name a value that was theirs
    waiting = _waiting(tx, subject, dry_run=dry_run)
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


def rows_about(tx: Connection, subject: ErasureSubject, batch_ids: Iterable[str]) -> Iterator[Place]:
    """Give those predictions of some requests that are about a person."""
    keyed = _by_key(tx, subject)
    mine = prediction_batch.c
    for some in chunks(batch_ids, _PAGE):
        for row in tx.execute(select(mine.id, mine.payload).where(mine.id.in_(some))):
            for number in _matching(row.payload, subject) | keyed.get(row.id, set()):
                yield row.id, number


def _by_key(tx: Connection, subject: ErasureSubject) -> dict[str, set[int]]:
    mine = prediction_key.c
    found: dict[str, set[int]] = {}
    for row in tx.execute(select(mine.batch_id, mine.row).where(mine.key.in_(subject.values))):
        found.setdefault(row.batch_id, set()).add(row.row)
    return found


def _matching(body: bytes, subject: ErasureSubject) -> set[int]:
    columns = payload.features_of(body)
    return {
        number
        for name in (subject.column, SENT_PREFIX + subject.column)
        for number, each in enumerate(columns.get(name, ()))
        if each is not None and str(each) in subject.values
    }


def _scrub(tx: Connection, row: Any, rows: set[int]) -> None:
    mine = prediction_batch.c
    values = {"payload": payload.without_features(row.payload, rows)}
    tx.execute(update(prediction_batch).where(mine.id == row.id).values(values))
    keys = prediction_key.c
    tx.execute(delete(prediction_key).where(keys.batch_id == row.id, keys.row.in_(sorted(rows))))


def _waiting(tx: Connection, subject: ErasureSubject, *, dry_run: bool) -> list[ErasedThing]:
    mine = waiting_outcome.c
    theirs = mine.key.in_(subject.values)
    endpoints = list(tx.execute(select(mine.endpoint).where(theirs)).scalars())
    if endpoints and not dry_run:
        tx.execute(delete(waiting_outcome).where(theirs))
    return [
        ErasedThing(ref=refs.make("endpoint", name), what="outcomes", rows=endpoints.count(name))
        for name in sorted(set(endpoints))
    ]
