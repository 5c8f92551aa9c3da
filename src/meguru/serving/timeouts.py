"""Idle timeouts of clients, with one timer for all: one for each would cost more than a small answer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

T = TypeVar("T")


class IdleTimeouts:
    """Waits for what clients send; one that sends nothing for some seconds is cancelled.

    Used by the tasks of one event loop at a time.

    Parameters
    ----------
    seconds
        How long is waited for one thing; it may become up to twice as long.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._since: dict[asyncio.Task[object], float] = {}
        self._timed_out: set[asyncio.Task[object]] = set()
        self._loop: asyncio.AbstractEventLoop | None = None

    async def wait(self, awaited: Awaitable[T]) -> T:
        """Wait for one thing.

        Raises
        ------
        TimeoutError
            When it did not come.
        """
        loop = asyncio.get_running_loop()
        task = asyncio.current_task(loop)
        if task is None:
            return await awaited
        if loop is not self._loop:  # the first wait on this loop starts the one timer
            self._loop = loop
            self._since.clear()
            loop.call_later(self.seconds, self._sweep, loop)
        self._since[task] = loop.time()
        try:
            return await awaited
        except asyncio.CancelledError:
            if task not in self._timed_out:  # somebody else cancelled it, such as a server that stops
                raise
            # As `asyncio.timeout` does: the cancellation was ours, and ends here as a TimeoutError.
            task.uncancel()
            raise TimeoutError from None
        finally:
            self._since.pop(task, None)
            self._timed_out.discard(task)

    def _sweep(self, loop: asyncio.AbstractEventLoop) -> None:
        if loop is not self._loop:
            return
        deadline = loop.time() - self.seconds
        for task, since in list(self._since.items()):
            if since <= deadline:
                self._timed_out.add(task)
                task.cancel()
        loop.call_later(self.seconds, self._sweep, loop)
