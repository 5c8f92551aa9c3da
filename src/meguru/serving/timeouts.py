"""Giving up on clients that hang, with one timer for all: one each would cost more than a small answer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

T = TypeVar("T")


class IdleTimeouts:
    """Waits for what clients send; one that sends nothing for some seconds is given up.

    Used by the tasks of one event loop at a time.

    Parameters
    ----------
    seconds
        How long is waited for one thing; it may become up to twice as long.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._since: dict[asyncio.Task[object], float] = {}
        self._given_up: set[asyncio.Task[object]] = set()
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
        if loop is not self._loop:
            self._loop = loop
            self._since.clear()
            loop.call_later(self.seconds, self._look, loop)
        self._since[task] = loop.time()
        try:
            return await awaited
        except asyncio.CancelledError:
            if task not in self._given_up:
                raise
            task.uncancel()
            raise TimeoutError from None
        finally:
            self._since.pop(task, None)
            self._given_up.discard(task)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        if loop is not self._loop:
            return
        late = loop.time() - self.seconds
        for task, since in list(self._since.items()):
            if since <= late:
                self._given_up.add(task)
                task.cancel()
        loop.call_later(self.seconds, self._look, loop)
