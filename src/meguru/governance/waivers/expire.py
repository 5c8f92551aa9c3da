"""End waivers that had their time, and warn a week before."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec
from sqlalchemy import Connection

from meguru.base.ticker import Ticker
from meguru.governance.log_time import log_time
from meguru.governance.waivers import store
from meguru.governance.waivers.emit import emit_event
from meguru.governance.waivers.kind import WAIVER
from meguru.governance.waivers.types import Waiver, WaiverState
from meguru.kernel.kinds import provided
from meguru.kernel.operations import Context, InternalOperation
from meguru.kernel.principals import system
from meguru.kernel.workspace import Workspace

WARNING_TIME = timedelta(days=7)
"""So long before its end people are told of a waiver that something live leans on."""
USER = "waiver user"
"""Kinds of what goes live by waivers: ``f(tx, ref) -> bool``, whether it is live."""
_EXPIRE = InternalOperation(WAIVER, "expire", evented=True)
_BATCH = 100


def is_leaned_on(tx: Connection, found: Waiver) -> bool:
    """Tell whether something that is live went live by a waiver."""
    return bool(found.used_by) and bool(provided(USER).load("release")(tx, found.used_by))


def expire(ws: Workspace) -> int:
    """End what had its time, warn of what soon will; return how many waivers that concerned."""
    # Without the write lock first: each minute, and nearly always for nothing.
    with ws.read() as tx:
        now = log_time(tx, ws.clock.now())
        if not any(_due(tx, now)):
            return 0

    def work(ctx: Context) -> int:
        ending, warned = _due(ctx.tx, now, lock=True)
        for each in ending:
            end(ctx, each)
        for each in warned:
            _warn(ctx, each)
        return len(ending) + len(warned)

    return _EXPIRE.commit(ws.with_(principal=system("waivers")), work)


def end(ctx: Context, found: Waiver) -> Waiver:
    """End a waiver whose time is over; people are told if something live leans on it."""
    done = msgspec.structs.replace(
        found,
        state=WaiverState.EXPIRED,
        ended_by=ctx.principal.name,
        ended_at=found.expires_at,
        end_reason="its time is over",
    )
    event = emit_event(ctx, "waiver.expired" if is_leaned_on(ctx.tx, found) else "waiver.lapsed", done)
    return store.save(ctx.tx, msgspec.structs.replace(done, event=event.id))


def _warn(ctx: Context, found: Waiver) -> None:
    emit_event(ctx, "waiver.due", found)
    store.save(ctx.tx, msgspec.structs.replace(found, warned_at=ctx.now()))


def _due(tx: Connection, now: datetime, *, lock: bool = False) -> tuple[list[Waiver], list[Waiver]]:
    # Held before any event is written, as by who takes one back: what they say is not written over.
    over = store.ending(tx, now, _BATCH, lock=lock)
    soon = store.ending(tx, now + WARNING_TIME, _BATCH, unwarned=True, lock=lock)
    return over, [waiver for waiver in soon if waiver.expires_at > now and is_leaned_on(tx, waiver)]


class WaiverKeeper(Ticker):
    """Looks each minute."""

    name = "waivers"
    pause = 60.0

    def __init__(self, ws: Workspace) -> None:
        self.ws = ws

    def tick(self) -> int:
        """End and warn of what is due."""
        return expire(self.ws)
