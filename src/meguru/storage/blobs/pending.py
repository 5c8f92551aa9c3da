"""Deferred fsync: small blobs are durable by the transaction that refers to them, and on their own later.

Two fsyncs for each small file, one for the file and one for the transaction, are slow. So the bytes are
written to their place without an fsync, and once more into the transaction, which is a write-ahead log for
them: that copy survives a power cut. Later, many blobs at a time are synced in place, and the copies dropped.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
from typing import TYPE_CHECKING

from sqlalchemy import Column, Connection, LargeBinary, String, Table, delete, func, select
from sqlalchemy.exc import SQLAlchemyError

from meguru.base.outages import Outage
from meguru.base.ticker import Ticker
from meguru.errors import MeguruError
from meguru.storage.blobs import deferred
from meguru.storage.blobs.local import LocalStore
from meguru.storage.db import metadata
from meguru.storage.db.raw import RawSql

if TYPE_CHECKING:
    from meguru.storage.blobs.base import BlobStore
    from meguru.storage.db import Database

log = logging.getLogger(__name__)
MAX_BYTES = deferred.MAX_BYTES
BATCH = 256
MAX_FSYNCS = 16
"""For more files than these, one ``sync`` of the whole system is quicker than an ``fsync`` for each."""
FLUSH_SECONDS = 1.0
MAX_PENDING, MAX_DELAYS = 2048, 20
"""So many pending blobs, or so many ticks at which their number grew, are flushed at once."""

pending_blob = Table(
    "pending_blob",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("data", LargeBinary, nullable=False),
)


def write(blobs: BlobStore, data: bytes) -> str:
    """Put a blob that need not be durable before `record` is committed; return its digest."""
    if isinstance(blobs, LocalStore) and 0 < len(data) <= MAX_BYTES:
        return blobs.put_deferred(data)
    return blobs.put_bytes(data)


def record(tx: Connection, blobs: BlobStore, digest: str, data: bytes) -> None:
    """Make a blob that was written (`write`) as durable as the open transaction."""
    if not isinstance(blobs, LocalStore) or not 0 < len(data) <= MAX_BYTES:
        return
    blobs.has_pending = True
    RawSql(tx).execute(
        "INSERT INTO pending_blob (digest, data) VALUES (?, ?) ON CONFLICT (digest) DO NOTHING",
        (digest, data),
    )


def recover(db: Database, blobs: BlobStore) -> None:
    """Write pending blobs again that a power cut took, and have a store repair such ones from their copies.

    Steps read in processes of their own, which have no database to read a copy from.
    """
    if isinstance(blobs, LocalStore):
        query = select(pending_blob.c.data)

        def pending_copy(digest: str) -> bytes | None:
            with db.read() as tx:
                return tx.execute(query.where(pending_blob.c.digest == digest)).scalar()

        blobs.pending_copy = pending_copy
        with db.read() as tx, RawSql(tx).stream("SELECT data FROM pending_blob", BATCH) as batches:
            for rows in batches:
                for (data,) in rows:
                    blobs.put_deferred(bytes(data))


def flush_own(db: Database, blobs: BlobStore) -> None:
    """Flush what this process left, at its end; what can't be flushed now is when another process ends."""
    if isinstance(blobs, LocalStore) and blobs.has_pending:
        try:
            flush(db, blobs)
        except (MeguruError, OSError, SQLAlchemyError):
            log.warning("small blobs are still in the database: they are flushed another time", exc_info=True)


def flush(db: Database, blobs: BlobStore) -> int:
    """Make pending blobs durable where they are, and drop their copies; return how many.

    After a power cut, a blob that was not written whole is written again from its copy. A store that is no
    folder has some only from before it was one that encrypts, or is elsewhere.
    """
    count = 0
    if isinstance(blobs, LocalStore):
        # Before the query, and not after it: what is recorded meanwhile sets it again.
        blobs.has_pending = False
    while True:
        with db.read() as tx:
            rows = tx.execute(select(pending_blob).limit(BATCH)).all()
        if not rows:
            break
        digests = [row.digest for row in rows]
        if isinstance(blobs, LocalStore):
            for row in rows:
                blobs.put_deferred(row.data)
            # Only Linux's sync() returns after the data is on the disk; POSIX lets it return before, as macOS
            # does.
            if len(digests) > MAX_FSYNCS and sys.platform == "linux":
                os.sync()
            else:
                blobs.make_durable(digests)
        else:
            for row in rows:
                blobs.put_bytes(row.data)
        # The copies go last: whoever is killed before leaves them to be flushed once more, which does no
        # harm.
        with db.write() as tx:
            tx.execute(delete(pending_blob).where(pending_blob.c.digest.in_(digests)))
        count += len(digests)
    return count


class BlobFlusher(Ticker):
    """Flushes pending blobs while nobody adds any, until it is stopped, and once more then.

    An fsync while others wait for theirs makes all of them wait longer: so blobs are flushed once no new ones
    come, or when they are many or have waited for some ticks. What a killed process left is flushed first.
    """

    name = "flushing of small blobs"
    pause = FLUSH_SECONDS

    def __init__(self, db: Database, blobs: BlobStore) -> None:
        self._db, self._blobs = db, blobs
        self._seen, self._delays = 0, 0

    def run(self, stop: threading.Event) -> None:
        """Flush what a process before left, then what comes, until `stop` is set."""
        self._try(self.last, Outage(log))
        super().run(stop)

    def last(self) -> int:
        """Flush all there is."""
        return flush(self._db, self._blobs)

    def tick(self) -> int:
        """Flush what there is if it is time to; return how many blobs were flushed."""
        with self._db.read() as tx:
            found = count_pending(tx)
        is_growing, self._seen = found != self._seen, found
        if not found or (is_growing and found < MAX_PENDING and self._delays < MAX_DELAYS):
            self._delays = self._delays + 1 if found else 0
            return 0
        self._seen = self._delays = 0
        return self.last()


def count_pending(tx: Connection) -> int:
    """Return how many blobs are pending."""
    return tx.execute(select(func.count()).select_from(pending_blob)).scalar_one()
