"""Write batches durably, many requests' in one commit.

While one commit is under way, what arrives waits and goes into the next. There is no timer: a lone
request is committed at once, and a crowd shares the price of the disk.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import IntegrityError as RowConflict

from meguru.base.batch_queue import BatchQueue
from meguru.errors import Busy, Conflict, MeguruError
from meguru.predictions import store
from meguru.predictions.types import PredictionBatch
from meguru.storage.db import Database

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
        except RowConflict as conflict:
            if len(group) > 1:  # one of them repeats a key; the others must not suffer for it
                for each in group:
                    self._write([each])
                return
            error = Conflict("this idempotency key was used before", why=str(conflict.orig))
        except MeguruError as known:
            error = known
        except DBAPIError as failure:
            error = Busy("the prediction could not be recorded", why=str(failure.orig))
        for _, done in group:
            done(error)
