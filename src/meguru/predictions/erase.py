"""Predictions about a person lose what was asked, and who it was about."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from sqlalchemy import Connection, delete, select, update

from meguru.artifacts.erasure import ErasedThing, ErasureSubject
from meguru.artifacts.erasure.forms import forms_of
from meguru.base import refs
from meguru.kernel.operations import Context
from meguru.predictions import aggregation_queue, payload_search
from meguru.predictions.outcome_store import RowId
from meguru.predictions.schema import prediction_batch, prediction_key, waiting_outcome
from meguru.predictions.store import chunks
from meguru.predictions.types import SENT_PREFIX

_PAGE = 100
"""Requests that are in memory at once, each of up to some megabytes."""


def erase(ctx: Context, subject: ErasureSubject, dry_run: bool) -> list[ErasedThing]:  # noqa: FBT001
    """Erase the features and keys of predictions about a person; scores and outcomes stay, about nobody.

    They are those whose feature has the value, or whose own key is it.
    """
    tx, found = ctx.tx, Counter[str]()
    for row_id, endpoint, rows in _about(tx, subject):
        found[endpoint] += len(rows)
        if not dry_run:
            _scrub(tx, row_id, rows)
    if not dry_run:
        for endpoint in sorted(found):
            aggregation_queue.request_recount(tx, endpoint)  # no cell may name a value that was theirs
    waiting = _waiting(tx, subject, dry_run=dry_run)
    return [
        *(
            ErasedThing(ref=refs.make("endpoint", name), what="predictions", rows=rows)
            for name, rows in sorted(found.items())
        ),
        *waiting,
    ]


def _about(tx: Connection, subject: ErasureSubject) -> list[tuple[str, str, set[int]]]:
    """Return the requests with rows of the person: id, endpoint and the rows; each is read once."""
    keyed, theirs, mine = _by_key(tx, subject), PersonMatcher(subject), prediction_batch.c
    # All payloads are looked through, a page at a time: what was asked has no index by person.
    query = select(mine.id, mine.endpoint, mine.payload).execution_options(yield_per=_PAGE)
    found, count, may_have = [], 0, theirs.may_have
    for page in tx.execute(query).partitions():
        count += len(page)
        for row_id, endpoint, body in page:
            rows = theirs.rows(body) if may_have(body) else set[int]()
            if rows or row_id in keyed:
                found.append((row_id, endpoint, rows | keyed.get(row_id, set())))
    subject.places.looked("requests for predictions", count)
    return found


def rows_about(tx: Connection, subject: ErasureSubject, batch_ids: Iterable[str]) -> Iterator[RowId]:
    """Give those predictions of some requests that are about a person."""
    keyed, theirs = _by_key(tx, subject), PersonMatcher(subject)
    mine = prediction_batch.c
    for some in chunks(batch_ids, _PAGE):
        for row in tx.execute(select(mine.id, mine.payload).where(mine.id.in_(some))):
            for number in theirs.rows(row.payload) | keyed.get(row.id, set()):
                yield row.id, number


def _by_key(tx: Connection, subject: ErasureSubject) -> dict[str, set[int]]:
    mine = prediction_key.c
    found: dict[str, set[int]] = {}
    for row in tx.execute(select(mine.batch_id, mine.row).where(mine.key.in_(subject.values))):
        found.setdefault(row.batch_id, set()).add(row.row)
    return found


class PersonMatcher:
    """Finds rows of a person in what was asked, kept under the model's name or as it was sent."""

    def __init__(self, subject: ErasureSubject) -> None:
        self._tests = {
            name: subject.test(column)
            for column in subject.columns
            for name in (column, SENT_PREFIX + column)
        }

        self._needles = payload_search.search_needles(
            form for each in subject.who.values() for form in forms_of(each)
        )
        self._lower = any("@" in form for form in subject.values)

    def may_have(self, body: bytes) -> bool:
        """Tell, much quicker than `rows` does, whether it is worth to look: a value's bytes are there."""
        text = body.lower() if self._lower else body
        for needle in self._needles:
            if needle in text:
                return True
        return payload_search.COMPRESSED in body

    def rows(self, body: bytes) -> set[int]:
        """Return the rows of a request that are theirs."""
        return {
            number
            for name, values in payload_search.values_in(body, self._tests)
            for number, each in enumerate(values)
            if self._tests[name](each)
        }


def _scrub(tx: Connection, row_id: str, rows: set[int]) -> None:
    mine, keys = prediction_batch.c, prediction_key.c
    body = tx.execute(select(mine.payload).where(mine.id == row_id)).scalar_one()
    values = {"payload": payload_search.without_features(body, rows)}
    tx.execute(update(prediction_batch).where(mine.id == row_id).values(values))
    tx.execute(delete(prediction_key).where(keys.batch_id == row_id, keys.row.in_(sorted(rows))))


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


def values(ctx: Context, column: str) -> Iterator[str]:
    """Give the values that a feature of that name had, and the keys of predictions."""
    mine, names = prediction_batch.c, {column, SENT_PREFIX + column}
    with ctx.ws.read() as tx:
        for (body,) in tx.execute(select(mine.payload).execution_options(yield_per=_PAGE)):
            for _, found in payload_search.values_in(body, names):
                yield from (str(each) for each in set(found) if each is not None)
        yield from tx.execute(select(prediction_key.c.key).distinct()).scalars()
        yield from tx.execute(select(waiting_outcome.c.key).distinct()).scalars()
