"""Where a listener hands over what it hears: each commit in a thread, in order, while the lease is ours."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

from meguru.kernel.operations import Context, InternalOperation
from meguru.kernel.workspace import Workspace
from meguru.triggers.arrivals import receive, store
from meguru.triggers.arrivals.types import RawArrival, SourceArrival
from meguru.triggers.kind import TRIGGER
from meguru.triggers.types import Trigger

R = TypeVar("R")


class ListenerPort:
    """The port of one listener; `threads` are those in which all listeners of a server commit."""

    def __init__(self, ws: Workspace, trigger: Trigger, holder: str, threads: ThreadPoolExecutor) -> None:
        self.ws, self.trigger, self.holder = ws, trigger.name, holder
        self.identity = f"{trigger.name} {trigger.created_at.isoformat()}"
        self.is_connected = False
        self._threads = threads

    async def connected(self) -> None:
        """Write down since when the source is reached."""
        if not self.is_connected:
            self.is_connected = True
            await self._do(partial(self._note, connected=True))

    async def lost(self, error: str) -> None:
        """Write down that the source is not reached, and why."""
        self.is_connected = False
        await self._do(partial(self._note, connected=False, error=error))

    async def take(self, arrival: SourceArrival, position: dict[str, Any] | None = None) -> None:
        """Commit what arrived."""
        await self._do(
            partial(receive.receive, self.ws, self.trigger, arrival, holder=self.holder, position=position)
        )

    async def take_raw(self, raw: RawArrival) -> None:
        """Commit some bytes, as an event or as a dead letter."""
        await self._do(partial(receive.receive_raw, self.ws, self.trigger, raw, holder=self.holder))

    async def position(self) -> dict[str, Any]:
        """Return how far the source is read."""
        return await self._do(self._position)

    async def move(self, position: dict[str, Any]) -> None:
        """Remember how far the source is read."""
        await self._do(partial(receive.save_position, self.ws, self.trigger, position, holder=self.holder))

    def _position(self) -> dict[str, Any]:
        with self.ws.read() as tx:
            return store.position(tx, self.trigger)

    def _note(self, *, connected: bool, error: str = "") -> None:
        LISTEN.commit(
            self.ws,
            partial(_note, trigger=self.trigger, holder=self.holder, connected=connected, error=error),
        )

    async def _do(self, work: Callable[[], R]) -> R:
        # Shielded, as a thread can't be cancelled: a commit that has begun goes on to its end. If the task
        # ends first the source gets no acknowledgement, and delivers again what is then known by its key.
        return await asyncio.shield(asyncio.get_running_loop().run_in_executor(self._threads, work))


def _note(ctx: Context, *, trigger: str, holder: str, connected: bool, error: str) -> None:
    values: dict[str, Any] = {"connected_since": ctx.now() if connected else None}
    if error:
        values |= {"last_error": error, "last_error_at": ctx.now()}
    store.update_listener(ctx.tx, trigger, holder, values)


LISTEN = InternalOperation(TRIGGER, "listen")
