"""Write batches durably, many requests' in one commit.

While one commit is under way, what arrives waits and goes into the next. There is no timer: a lone
request is committed at once, and a crowd shares the price of the disk.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import IntegrityError as RowConflict

from meguru.errors import Busy, Conflict, MeguruError
from meguru.predictions import store
from meguru.predictions.types import Batch
from meguru.storage.db import Database

MAX_BATCHES = 512
MAX_BYTES = 32 * 1024 * 1024

Done = Callable[[MeguruError | None], None]
"""Called once, in the writer's thread: with None when the batch is durable, else with why it is not."""


class Writer:
    """One thread that commits batches of predictions to one database."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._waiting: deque[tuple[Batch, Done]] = deque()
        self._signal = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="prediction-writer", daemon=True)
        self._thread.start()

    def submit(self, batch: Batch, done: Done) -> None:
        """Have `batch` written; `done` hears of it.

        The error of a batch whose idempotency key was used before is `Conflict`.
        """
        with self._signal:
            closed = self._closed
            if not closed:
                self._waiting.append((batch, done))
                self._signal.notify()
        if closed:
            done(Busy("the server is stopping"))

    def close(self) -> None:
        """Write what is waiting, then stop."""
        with self._signal:
            self._closed = True
            self._signal.notify()
        self._thread.join()

    def _run(self) -> None:
        while group := self._next():
            self._write(group)

    def _next(self) -> list[tuple[Batch, Done]]:
        with self._signal:
            while not self._waiting and not self._closed:
                self._signal.wait()
            group: list[tuple[Batch, Done]] = []
            size = 0
            while self._waiting and len(group) < MAX_BATCHES and size < MAX_BYTES:
                group.append(self._waiting.popleft())
                size += len(group[-1][0].payload)
            return group

    def _write(self, group: list[tuple[Batch, Done]]) -> None:
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
