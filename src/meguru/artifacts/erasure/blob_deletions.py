"""Blobs that have rows of who was erased, until they are deleted."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, delete, insert, select

from meguru.artifacts.erasure.schema import erased_blob


def schedule_blob_deletion(tx: Connection, digests: Iterable[str]) -> None:
    """Write down blobs that are to be deleted when this is committed."""
    known = pending(tx)
    rows = [{"digest": each} for each in sorted(set(digests) - known)]
    if rows:
        tx.execute(insert(erased_blob), rows)


def pending(tx: Connection) -> set[str]:
    """Return blobs that are still to be deleted."""
    return set(tx.execute(select(erased_blob.c.digest)).scalars())


def clear_deleted(tx: Connection, digests: Iterable[str]) -> None:
    """Take out blobs that are deleted."""
    for digest in digests:
        tx.execute(delete(erased_blob).where(erased_blob.c.digest == digest))
