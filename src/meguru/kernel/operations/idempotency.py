"""Idempotency keys: answers are stored by key, so that a request that is sent twice is done once."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec
from sqlalchemy import Column, Connection, Index, String, Table, Text, delete, insert, select, tuple_

from meguru.storage.db import UtcTime, metadata

MAX_AGE = timedelta(days=90)
"""How long an answer is stored: a spool that waits longer than this for its server is sent twice at worst."""
_PRUNING, _BATCH = "00", 1024
"""One request in 256 forgets up to so many old answers: more than came meanwhile, few for a transaction."""

answer = Table(
    "answer",
    metadata,
    Column("principal", String(200), primary_key=True),
    Column("operation", String(100), primary_key=True),
    Column("key", String(200), primary_key=True),
    Column("digest", String(64), nullable=False),
    Column("result", Text, nullable=False),
    Column("at", UtcTime, nullable=False),
    Index(None, "at"),
)


class IdempotentRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Who asked for what, under which key."""

    principal: str
    operation: str
    key: str
    digest: str


class StoredAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What was answered; `digest` is of the request's arguments, which must be the same again."""

    digest: str
    result: str


def find(tx: Connection, request: IdempotentRequest) -> StoredAnswer | None:
    """Return the stored answer; None if this key is new."""
    row = tx.execute(
        select(answer.c.digest, answer.c.result).where(
            answer.c.principal == request.principal,
            answer.c.operation == request.operation,
            answer.c.key == request.key,
        )
    ).first()
    return None if row is None else StoredAnswer(digest=row.digest, result=row.result)


def store(tx: Connection, request: IdempotentRequest, result: str, at: datetime) -> None:
    """Store an answer, in the transaction of what it answers; now and then, forget some that are old."""
    # Each batch that a run logs has a key: without an end the table would outgrow all others. Decided by the
    # digest, not by chance, so that the same requests do the same.
    if request.digest.endswith(_PRUNING):
        prune(tx, at)
    # The primary key is the fence: of two servers that did the same request, the second's transaction fails
    # here.
    tx.execute(insert(answer).values(**msgspec.structs.asdict(request), result=result, at=at))


def prune(tx: Connection, now: datetime) -> None:
    """Forget the oldest answers that are too old."""
    row = (answer.c.principal, answer.c.operation, answer.c.key)
    old = select(*row).where(answer.c.at < now - MAX_AGE).order_by(answer.c.at).limit(_BATCH)
    # What another server is forgetting just now is passed over, not waited for.
    old = old.with_for_update(skip_locked=True)
    tx.execute(delete(answer).where(tuple_(*row).in_(old)))
