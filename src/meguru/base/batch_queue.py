"""A queue that gives its one reader all that waits at once: natural batching, without a timer."""

from __future__ import annotations

import threading
from queue import Empty, SimpleQueue
from typing import Generic, TypeVar

T = TypeVar("T")


class BatchQueue(Generic[T]):
    """A queue of many writers and one reader.

    Writers and reader share no lock: a writer that waits for one gives up the interpreter, and an event loop
    that does so with each request loses more time than its work takes.

    Parameters
    ----------
    max_items, max_bytes
        What one batch holds at most; an item is never cut, so the last one may go beyond.
    """

    def __init__(self, *, max_items: int, max_bytes: int) -> None:
        self._max_items, self._max_bytes = max_items, max_bytes
        self._queue: SimpleQueue[tuple[T, int] | None] = SimpleQueue()
        self._admission = threading.Lock()
        self._closed = False
        self._bytes_put, self._bytes_taken = 0, 0

    @property
    def waiting(self) -> int:
        """How many items wait."""
        return self._queue.qsize()

    @property
    def waiting_bytes(self) -> int:
        """How many bytes wait."""
        return self._bytes_put - self._bytes_taken

    def put(self, item: T, size: int) -> bool:
        """Add an item of so many bytes; False if the queue is closed."""
        with self._admission:
            if self._closed:
                return False
            self._bytes_put += size
            # Under the lock, so that nothing comes after the mark of the end (`close`), where nobody would
            # read it.
            self._queue.put((item, size))
        return True

    def close(self) -> None:
        """Take no more; what waits is still given."""
        with self._admission:
            if not self._closed:
                self._closed = True
                self._queue.put(None)

    def take(self) -> list[T]:
        """Wait for an item, and return all that wait; nothing once all of a closed queue is taken."""
        batch: list[T] = []
        size = 0
        found = self._queue.get()
        while found is not None:
            batch.append(found[0])
            size += found[1]
            if len(batch) >= self._max_items or size >= self._max_bytes:
                break
            try:
                found = self._queue.get_nowait()
            except Empty:
                break
        if found is None:
            self._queue.put(None)  # for the next look: the end is to be met again
        self._bytes_taken += size
        return batch
