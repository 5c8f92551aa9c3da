"""Small blobs that are durable by the transaction that refers to them, and on their own soon after.

To wait for the disk twice for each small file, once for the file and once for the transaction, is slow. So
the bytes are written to their place without waiting, and once more into the transaction: that is what
survives a power cut. Later, many blobs at a time are made durable in their place, and the copies dropped.
"""

from __future__ import annotations

import logging
import os
import threading
from typing import TYPE_CHECKING

from sqlalchemy import Column, Connection, LargeBinary, String, Table, delete, func, select

from meguru.storage.blobs.local import LocalStore
from meguru.storage.db import metadata
from meguru.storage.db.raw import Raw

if TYPE_CHECKING:
    from meguru.storage.blobs.base import BlobStore
    from meguru.storage.db import Database

log = logging.getLogger(__name__)
LARGEST = 64 * 1024
BATCH = 256
FEW = 16
"""For more than so many files, one word to the system is quicker than a word for each."""
SETTLE_SECONDS = 1.0

pending_blob = Table(
    "pending_blob",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("data", LargeBinary, nullable=False),
)


def write(blobs: BlobStore, data: bytes) -> str:
    """Put a blob that need not be durable before `keep` is committed; return its digest."""
    if isinstance(blobs, LocalStore) and 0 < len(data) <= LARGEST:
        return blobs.put_soon(data)
    return blobs.put_bytes(data)


def keep(tx: Connection, blobs: BlobStore, digest: str, data: bytes) -> None:
    """Make a blob that was written as durable as the open transaction."""
    if not isinstance(blobs, LocalStore) or not 0 < len(data) <= LARGEST:
        return
    Raw(tx).execute(
        "INSERT INTO pending_blob (digest, data) VALUES (?, ?) ON CONFLICT (digest) DO NOTHING",
        (digest, data),
    )


def settle(db: Database, blobs: BlobStore) -> int:
    """Make pending blobs durable where they are, and drop their copies; return how many.

    After a power cut, a blob that was not written whole is written again from its copy.
    """
    count = 0
    while isinstance(blobs, LocalStore):
        with db.read() as tx:
            rows = tx.execute(select(pending_blob).limit(BATCH)).all()
        if not rows:
            break
        for row in rows:
            blobs.put_soon(row.data)
        digests = [row.digest for row in rows]
        if len(digests) > FEW and hasattr(os, "sync"):
            os.sync()
        else:
            blobs.make_durable(digests)
        with db.write() as tx:
            tx.execute(delete(pending_blob).where(pending_blob.c.digest.in_(digests)))
        count += len(digests)
    return count


class Settler:
    """Settles pending blobs until it is stopped; what is left then is settled at the next start."""

    def __init__(self, db: Database, blobs: BlobStore) -> None:
        self._db, self._blobs = db, blobs

    def run(self, stop: threading.Event) -> None:
        """Settle what there is, again and again."""
        while True:
            try:
                settle(self._db, self._blobs)
            except Exception:
                log.exception("small blobs could not be settled; trying again")
            if stop.wait(SETTLE_SECONDS):
                return


def waiting(tx: Connection) -> int:
    """Return how many blobs are pending."""
    return tx.execute(select(func.count()).select_from(pending_blob)).scalar_one()
