"""A transactional queue (an outbox) of what is in no cell yet: requests, and changes of outcomes.

An entry is written in the transaction of what it tells of, and is deleted in the one that adds it to the
cells: each is counted exactly once, whoever is killed when. A change of a request that is itself in the queue
says nothing: when that is counted, it is with the outcomes that it has then.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import msgspec
from sqlalchemy import Connection, delete, func, insert, select

from meguru.predictions.schema import prediction_batch, uncounted_batch, uncounted_outcomes
from meguru.storage.db import rowwise
from meguru.storage.db.upsert import insert_into

if TYPE_CHECKING:
    from meguru.predictions.types import PredictionBatch

EVERYTHING = "*"
"""In place of a batch: all batches of the endpoint are to be counted anew, and no cell of it holds."""
PORTION = 20_000
"""So many requests are put in line, or taken out of it, in one transaction: recorders wait for each."""
OutcomeAsWritten: TypeAlias = float | str | None
"""A number, the text of any other JSON, or None: there was no outcome, or is none any more."""
_INSERT_OUTCOMES = insert(uncounted_outcomes)
_B, _O = uncounted_batch.c, uncounted_outcomes.c
_MAX_PARAMETERS, _PAGE_SIZE = 900, 20


class OutcomeChange(NamedTuple):
    """What counted as the outcome of a prediction before, and what does now."""

    batch_id: str
    row: int
    before: OutcomeAsWritten
    now: OutcomeAsWritten


_Packed = list[tuple[str, int, float | str | None, float | str | None]]
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_Packed).decode


def add(tx: Connection, batches: Iterable[PredictionBatch]) -> None:
    """Note that batches are to be counted, in the transaction that writes them."""
    rows = ({"endpoint": each.endpoint, "batch_id": each.id} for each in batches)
    rowwise.insert(tx, uncounted_batch, *rows)


def add_outcomes(
    tx: Connection,
    endpoint: str,
    span: tuple[datetime, datetime],
    changes: Sequence[tuple[str, int, OutcomeAsWritten, OutcomeAsWritten]],
) -> None:
    """Note changes of outcomes, each as an `OutcomeChange` is, in the transaction that makes them.

    `span` is from the first to the last event time of their requests.
    """
    if changes:
        values = {"endpoint": endpoint, "first_time": span[0], "last_time": span[1], "n": len(changes)}
        tx.execute(_INSERT_OUTCOMES, values | {"changes": pack(changes)})


def pack(changes: Sequence[Any]) -> bytes:
    """Write changes down."""
    return zlib.compress(_encode(changes), 1)  # the fastest level: it is read once, soon, and deleted


def unpack(changes: bytes) -> list[OutcomeChange]:
    """Read what `pack` wrote."""
    return [OutcomeChange(*each) for each in _decode(zlib.decompress(changes))]


def request_recount(tx: Connection, endpoint: str) -> None:
    """Have everything of an endpoint counted again; until that is done, windows are read from the record."""
    # An update even where the row is there: its lock makes a counter that is about to begin wait for this
    # commit, and see what it did.
    statement = insert_into(uncounted_batch, tx.dialect.name).values(endpoint=endpoint, batch_id=EVERYTHING)
    tx.execute(
        statement.on_conflict_do_update(
            index_elements=[_B.endpoint, _B.batch_id], set_={"batch_id": EVERYTHING}
        )
    )


def discard(tx: Connection, endpoint: str, limit: int | None = None) -> bool:
    """Take up to so many entries out of the list of what an endpoint recorded; True if some may be left.

    Whoever wants its cells has everything counted anew.
    """
    most = PORTION if limit is None else limit
    request_recount(tx, endpoint)
    mine = (_B.endpoint == endpoint) & (_B.batch_id != EVERYTHING)
    some = select(_B.batch_id).where(mine).limit(most)
    gone = tx.execute(delete(uncounted_batch).where(mine, _B.batch_id.in_(some))).rowcount
    changed = select(_O.id).where(_O.endpoint == endpoint).limit(most)
    return max(gone, tx.execute(delete(uncounted_outcomes).where(_O.id.in_(changed))).rowcount) == most


def line_up(tx: Connection, endpoint: str, after: str, limit: int | None = None) -> str:
    """Put the next batches of an endpoint in line to be counted anew, so many or a few more.

    `after` is what the call before returned, empty at first; an empty text is returned with the last. Until
    then `EVERYTHING` stands in the list: no cell holds, and nothing is counted. What is recorded meanwhile
    puts itself in line.
    """
    table, most = prediction_batch.c, PORTION if limit is None else limit
    # Its row is locked first: an erasure that is under way is waited for, and one that comes waits.
    request_recount(tx, endpoint)
    mine = select(table.endpoint, table.id).where(table.endpoint == endpoint)
    if after:
        mine = mine.where(table.received_at > datetime.fromisoformat(after))
    moments = mine.with_only_columns(table.received_at).order_by(table.received_at)
    upto = tx.execute(moments.offset(most - 1).limit(1)).scalar()
    if upto is None:
        tx.execute(delete(uncounted_batch).where(_B.endpoint == endpoint, _B.batch_id == EVERYTHING))
    else:
        # All of a moment at once: nothing is passed over that has the same one as the last.
        mine = mine.where(table.received_at <= upto)
    statement = insert_into(uncounted_batch, tx.dialect.name).from_select(["endpoint", "batch_id"], mine)
    tx.execute(statement.on_conflict_do_nothing())  # it may be in line, as what was recorded lately is
    return upto.isoformat() if upto else ""


def endpoints(tx: Connection) -> list[str]:
    """Return the endpoints of which something is not counted."""
    # A loose index scan: one step in an index for each endpoint, however much waits; DISTINCT would read it
    # all.
    found = [*_distinct(tx, _B.endpoint), *_distinct(tx, _O.endpoint)]
    return sorted(set(found))


def batches(tx: Connection, endpoint: str, limit: int) -> list[str]:
    """Return the first batches that are not counted; `EVERYTHING` is the first of all."""
    query = select(_B.batch_id).where(_B.endpoint == endpoint).order_by(_B.batch_id).limit(limit)
    return list(tx.execute(query).scalars())


def changes(tx: Connection, endpoint: str, limit: int) -> int:
    """Return how many calls' changes of outcomes are not counted, or the limit if there are more."""
    query = select(_O.id).where(_O.endpoint == endpoint).limit(limit)
    return len(tx.execute(query).all())


def needs_recount(tx: Connection, endpoint: str) -> bool:
    """Tell whether no cell of an endpoint holds."""
    query = select(_B.batch_id).where(_B.endpoint == endpoint, _B.batch_id == EVERYTHING)
    return tx.execute(query).first() is not None


def queued_among(tx: Connection, endpoint: str, batch_ids: Sequence[str]) -> set[str]:
    """Return which of some batches are not counted."""
    found: set[str] = set()
    for at in range(0, len(batch_ids), _MAX_PARAMETERS):
        some = batch_ids[at : at + _MAX_PARAMETERS]
        query = select(_B.batch_id).where(_B.endpoint == endpoint, _B.batch_id.in_(some))
        found.update(tx.execute(query).scalars())
    return found


def outcomes(
    tx: Connection, endpoint: str, span: tuple[datetime, datetime] | None = None
) -> Iterator[tuple[int, int, bytes]]:
    """Give id, number and content of the changes of outcomes that are not counted, oldest first."""
    query = select(_O.id, _O.n, _O.changes).where(_O.endpoint == endpoint).order_by(_O.id).limit(_PAGE_SIZE)
    if span is not None:
        query = query.where(_O.last_time >= span[0], _O.first_time < span[1])
    last = 0
    while page := [(row.id, row.n, row.changes) for row in tx.execute(query.where(_O.id > last))]:
        yield from page
        last = page[-1][0]


def remove(tx: Connection, endpoint: str, batch_ids: Sequence[str], change_ids: Sequence[int]) -> None:
    """Strike out what was counted, in the transaction that adds it."""
    for at in range(0, len(batch_ids), _MAX_PARAMETERS):
        some = batch_ids[at : at + _MAX_PARAMETERS]
        tx.execute(delete(uncounted_batch).where(_B.endpoint == endpoint, _B.batch_id.in_(some)))
    for at in range(0, len(change_ids), _MAX_PARAMETERS):
        gone = list(change_ids[at : at + _MAX_PARAMETERS])
        tx.execute(delete(uncounted_outcomes).where(_O.id.in_(gone)))


def _distinct(tx: Connection, column: Any) -> Iterator[str]:
    last = tx.execute(select(func.min(column))).scalar()
    while last is not None:
        yield last
        last = tx.execute(select(func.min(column)).where(column > last)).scalar()
