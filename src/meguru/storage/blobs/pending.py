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
from sqlalchemy.exc import SQLAlchemyError

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
LARGEST = deferred.LARGEST
BATCH = 256
FEW = 16
"""For more than so many files, one word to the system is quicker than a word for each."""
SETTLE_SECONDS = 1.0
MANY, MOST_LOOKS = 2048, 20
"""So many pending blobs, or so many looks at a growing number of them, are not waited for any longer."""

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
    blobs.unsettled = True
    RawSql(tx).execute(
        "INSERT INTO pending_blob (digest, data) VALUES (?, ?) ON CONFLICT (digest) DO NOTHING",
        (digest, data),
    )


def mend(db: Database, blobs: BlobStore) -> None:
    """Write pending blobs again that a power cut took, and have a store read such ones from their copies.

    Steps read in processes of their own, which have no database to read a copy from.
    """
    if isinstance(blobs, LocalStore):
        query = select(pending_blob.c.data)

        def spare(digest: str) -> bytes | None:
            with db.read() as tx:
                return tx.execute(query.where(pending_blob.c.digest == digest)).scalar()

        blobs.spare = spare
        with db.read() as tx:
            for (data,) in RawSql(tx).execute("SELECT data FROM pending_blob").fetchall():
                blobs.put_soon(bytes(data))


def settle_own(db: Database, blobs: BlobStore) -> None:
    """Settle what this process left, at its end; what can't be settled now is at another's."""
    if isinstance(blobs, LocalStore) and blobs.unsettled:
        try:
            settle(db, blobs)
        except (MeguruError, OSError, SQLAlchemyError):
            log.warning("small blobs are still in the database: they are settled another time", exc_info=True)


def settle(db: Database, blobs: BlobStore) -> int:
    """Make pending blobs durable where they are, and drop their copies; return how many.

    After a power cut, a blob that was not written whole is written again from its copy. A store that is no
    folder has some only from before it was one that encrypts, or is elsewhere.
    """
    count = 0
    if isinstance(blobs, LocalStore):
        # Before the look, and not after it: what is kept meanwhile sets it again.
        blobs.unsettled = False
    while True:
        with db.read() as tx:
            rows = tx.execute(select(pending_blob).limit(BATCH)).all()
        if not rows:
            break
        digests = [row.digest for row in rows]
        if isinstance(blobs, LocalStore):
            for row in rows:
                blobs.put_soon(row.data)
            if len(digests) > FEW and hasattr(os, "sync"):
                os.sync()
            else:
                blobs.make_durable(digests)
        else:
            for row in rows:
                blobs.put_bytes(row.data)
        # The copies go last: whoever is killed before leaves them to be settled once more, which does no
        # harm.
        with db.write() as tx:
            tx.execute(delete(pending_blob).where(pending_blob.c.digest.in_(digests)))
        count += len(digests)
    return count


class Settler(Ticker):
    """Settles pending blobs while nobody adds any, until it is stopped, and once more then.

    To wait for the disk while others do makes all of them wait longer: so blobs are settled once no new ones
    come, or when they are many or have waited for some looks. What a killed process left is settled first.
    """

    name = "settling of small blobs"
    pause = SETTLE_SECONDS

    def __init__(self, db: Database, blobs: BlobStore) -> None:
        self._db, self._blobs = db, blobs
        self._seen, self._looks = 0, 0

    def run(self, stop: threading.Event) -> None:
        """Settle what a process before left, then what comes, until `stop` is set."""
        self._try(self.last)
        super().run(stop)

    def last(self) -> int:
        """Settle all there is."""
        return settle(self._db, self._blobs)

    def tick(self) -> int:
        """Settle what there is if it is time to; return how many blobs were settled."""
        with self._db.read() as tx:
            found = waiting(tx)
        is_growing, self._seen = found != self._seen, found
        if not found or (is_growing and found < MANY and self._looks < MOST_LOOKS):
            self._looks = self._looks + 1 if found else 0
            return 0
        self._seen = self._looks = 0
        return self.last()


def waiting(tx: Connection) -> int:
    """Return how many blobs are pending."""
    return tx.execute(select(func.count()).select_from(pending_blob)).scalar_one()
