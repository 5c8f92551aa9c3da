"""SQL of uploads in parts, on an open transaction."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

import msgspec
from sqlalchemy import Connection, delete, func, insert, select, update

from meguru.artifacts.uploads.schema import upload, upload_part
from meguru.artifacts.uploads.types import Upload, UploadPart


def add(tx: Connection, declared: Upload) -> None:
    """Write a new upload."""
    tx.execute(insert(upload).values(msgspec.structs.asdict(declared)))


def find(tx: Connection, id: str, *, lock: bool = False) -> Upload | None:
    """Return an upload; with `lock`, nobody else completes or ends it before the transaction ends."""
    query = select(upload).where(upload.c.id == id)
    row = tx.execute(query.with_for_update() if lock else query).first()
    return Upload(**row._mapping) if row else None


def parts(tx: Connection, id: str) -> list[UploadPart]:
    """Return the parts that are there, by number."""
    query = select(upload_part.c.number, upload_part.c.digest, upload_part.c.size)
    rows = tx.execute(query.where(upload_part.c.upload == id).order_by(upload_part.c.number))
    return [UploadPart(**row._mapping) for row in rows]


def bytes_beside(tx: Connection, id: str, number: int) -> int:
    """Return how many bytes the other parts have together."""
    others = (upload_part.c.upload == id) & (upload_part.c.number != number)
    return int(tx.execute(select(func.coalesce(func.sum(upload_part.c.size), 0)).where(others)).scalar_one())


def put_part(tx: Connection, id: str, part: UploadPart) -> UploadPart | None:
    """Keep a part; return the one it takes the place of."""
    mine = (upload_part.c.upload == id) & (upload_part.c.number == part.number)
    query = select(upload_part.c.number, upload_part.c.digest, upload_part.c.size)
    row = tx.execute(query.where(mine)).first()
    values = msgspec.structs.asdict(part)
    if row is None:
        tx.execute(insert(upload_part).values(values | {"upload": id}))
        return None
    tx.execute(update(upload_part).where(mine).values(values))
    return UploadPart(**row._mapping)


def complete(tx: Connection, id: str, digest: str) -> None:
    """Mark an upload as put together: its parts are not needed any more."""
    tx.execute(update(upload).where(upload.c.id == id).values(digest=digest))
    tx.execute(delete(upload_part).where(upload_part.c.upload == id))


def remove(tx: Connection, id: str) -> None:
    """Forget an upload and its parts."""
    tx.execute(delete(upload_part).where(upload_part.c.upload == id))
    tx.execute(delete(upload).where(upload.c.id == id))


def expired(tx: Connection, now: datetime, *, limit: int = 1000) -> list[Upload]:
    """Return uploads whose deadline has passed, the oldest first."""
    query = select(upload).where(upload.c.expires_at <= now).order_by(upload.c.expires_at).limit(limit)
    return [Upload(**row._mapping) for row in tx.execute(query)]


def open_among(tx: Connection, ids: Collection[str]) -> set[str]:
    """Return which of these uploads are still waited for."""
    rows = tx.execute(select(upload.c.id).where(upload.c.id.in_(ids), upload.c.digest == ""))
    return set(rows.scalars())
