"""Polling: what is new at a source is committed by its key, then the position up to which it was read."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

import msgspec

from meguru.base import digests
from meguru.errors import InvalidInput
from meguru.kernel.workspace import Workspace
from meguru.triggers.arrivals.types import SourceArrival
from meguru.triggers.kinds.listening import Port

MIN_SECONDS, MAX_SECONDS = 1.0, 24 * 3600.0
MAX_ENTRIES = 10_000
"""So many files, objects or arrivals are looked through at a time."""


class PollResult(msgspec.Struct, frozen=True, kw_only=True):
    """What a poll found: new arrivals, and the position from which to poll next."""

    position: dict[str, Any]
    arrivals: list[SourceArrival] = []


Poll: TypeAlias = Callable[[Workspace, dict[str, Any]], PollResult]
"""Looks at a source, from a position (empty: for the first time, when what is there is no news)."""


class PolledListener:
    """Looks every so many seconds, or when `wake_up` returns; `of` is what is looked at, as declared."""

    def __init__(
        self,
        *,
        of: Any,
        every: float,
        poll: Poll,
        wake_up: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self._mark = digests.of_value(msgspec.to_builtins(of))
        self._every, self._poll, self._wake_up = every, poll, wake_up

    async def run(self, port: Port) -> None:
        """Look and hand over, until the source is lost."""
        kept = await port.position()
        # What another declaration had looked at is no beginning for this one.
        position = kept["position"] if kept.get("of") == self._mark else {}
        while True:
            found = await asyncio.to_thread(self._poll, port.ws, position)
            # The position is moved last: after a crash in between all is found again, and known by its keys.
            for arrival in found.arrivals:
                await port.take(arrival)
            if found.position != position:
                position = found.position
                await port.move({"of": self._mark, "position": position})
            await port.connected()
            await self._pause()

    async def _pause(self) -> None:
        if self._wake_up is None:
            await asyncio.sleep(self._every)
            return
        try:
            await asyncio.wait_for(self._wake_up(), self._every)
        except TimeoutError:
            return


def check_every(every: float) -> None:
    """Refuse to look more often than once a second, or less than once a day."""
    if not MIN_SECONDS <= every <= MAX_SECONDS:
        raise InvalidInput(
            f"a source is looked at every {MIN_SECONDS:g} to {MAX_SECONDS:g} seconds",
            why=f"it says {every:g}",
            field="on.every",
        )
