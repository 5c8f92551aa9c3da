"""Idempotency keys: answers are stored by key, so that a request that is sent twice is done once."""

from __future__ import annotations

from datetime import datetime

import msgspec
from sqlalchemy import Column, Connection, Index, String, Table, Text, insert, select

from meguru.storage.db import UtcTime, metadata

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
    """Store an answer, in the transaction of what it answers."""
    # The primary key is the fence: of two servers that did the same request, the second's transaction fails
    # here.
    tx.execute(insert(answer).values(**msgspec.structs.asdict(request), result=result, at=at))
