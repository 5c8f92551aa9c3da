"""Listens by looking again and again: what is new is committed by its key, then how far was looked."""

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

SHORTEST, LONGEST = 1.0, 24 * 3600.0
MOST = 10_000
"""So many files, objects or arrivals are looked through at a time."""


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """What was found at a source: what is new, and the position from which to look next time."""

    position: dict[str, Any]
    arrivals: list[SourceArrival] = []


LookAt: TypeAlias = Callable[[Workspace, dict[str, Any]], Look]
"""Looks at a source, from a position (empty: for the first time, when what is there is no news)."""


class PolledListener:
    """Looks every so many seconds, or when `woken` returns; `of` is what is looked at, as declared."""

    def __init__(
        self,
        *,
        of: Any,
        every: float,
        look: LookAt,
        woken: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self._mark = digests.of_value(msgspec.to_builtins(of))
        self._every, self._look, self._woken = every, look, woken

    async def run(self, port: Port) -> None:
        """Look and hand over, until the source is lost."""
        kept = await port.position()
        # What another declaration had looked at is no beginning for this one.
        position = kept["position"] if kept.get("of") == self._mark else {}
        while True:
            found = await asyncio.to_thread(self._look, port.ws, position)
            for arrival in found.arrivals:
                await port.take(arrival)
            if found.position != position:
                position = found.position
                await port.move({"of": self._mark, "position": position})
            await port.connected()
            await self._pause()

    async def _pause(self) -> None:
        if self._woken is None:
            await asyncio.sleep(self._every)
            return
        try:
            await asyncio.wait_for(self._woken(), self._every)
        except TimeoutError:
            return


def check_every(every: float) -> None:
    """Refuse to look more often than once a second, or less than once a day."""
    if not SHORTEST <= every <= LONGEST:
        raise InvalidInput(
            f"a source is looked at every {SHORTEST:g} to {LONGEST:g} seconds",
            why=f"it says {every:g}",
            field="on.every",
        )
