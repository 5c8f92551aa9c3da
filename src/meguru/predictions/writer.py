"""Group commit of predictions: the batches of many requests in one transaction, answered when it is durable.

While one commit is under way, what arrives waits and goes into the next. There is no timer: a lone request is
committed at once, and a crowd shares the price of one fsync.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import IntegrityError as RowConflict

from meguru.base.batch_queue import BatchQueue
from meguru.errors import Busy, Conflict, InternalError, InvalidInput, MeguruError
from meguru.predictions import store
from meguru.predictions.types import PredictionBatch
from meguru.storage.db import Database

log = logging.getLogger(__name__)
MAX_BATCHES = 512
MAX_BYTES = 32 * 1024 * 1024

OnWritten = Callable[[MeguruError | None], None]
"""Called once, in the writer's thread: with None when the batch is durable, else with why it is not."""


class Writer:
    """One thread that commits batches of predictions to one database."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._queue: BatchQueue[tuple[PredictionBatch, OnWritten]] = BatchQueue(
            max_items=MAX_BATCHES, max_bytes=MAX_BYTES
        )
        self._thread = threading.Thread(target=self._run, name="prediction-writer", daemon=True)
        self._thread.start()

    def submit(self, batch: PredictionBatch, done: OnWritten) -> None:
        """Have `batch` written; `done` hears of it.

        The error of a batch whose idempotency key was used before is `Conflict`.
        """
        if not self._queue.put((batch, done), len(batch.payload)):
            done(Busy("the server is stopping"))

    def close(self) -> None:
        """Write what is waiting, then stop."""
        self._queue.close()
        self._thread.join()

    def _run(self) -> None:
        while group := self._queue.take():
            self._write(group)

    def _write(self, group: list[tuple[PredictionBatch, OnWritten]]) -> None:
        error: MeguruError | None = None
        try:
            with self._db.write() as tx:
                store.add(tx, [batch for batch, _ in group])
        except Exception as failure:  # noqa: BLE001 - all endpoints share this thread: it must not end
            error = _explained(failure)
            # What is wrong with one batch (a key that was used before, text that can't be stored) is no fault
            # of its neighbours: each is tried alone. A database that is away is everybody's, and waited for
            # once.
            if len(group) > 1 and isinstance(error, Conflict | InvalidInput | InternalError):
                for each in group:
                    self._write([each])
                return
        for _, done in group:
            try:
                done(error)
            except Exception:  # the next callers are to hear of theirs
                log.exception("who waits for a prediction could not be told that it is recorded")


def _explained(failure: Exception) -> MeguruError:
    """Return what a caller is told; what nobody foresaw is logged, since all endpoints share this thread."""
    if isinstance(failure, MeguruError):
        return failure
    if isinstance(failure, RowConflict):
        return Conflict("this idempotency key was used before", why=str(failure.orig))
    if isinstance(failure, DBAPIError):
        return Busy("the prediction could not be recorded", why=str(failure.orig))
    log.error("a prediction could not be recorded", exc_info=failure)
    return InternalError("the prediction could not be recorded", hint="the server's log has the traceback")
