"""Take a waiver back."""

from __future__ import annotations

import msgspec

from meguru.errors import Conflict
from meguru.governance.log_time import log_time
from meguru.governance.waivers import store
from meguru.governance.waivers.emit import emit_event
from meguru.governance.waivers.expire import is_leaned_on
from meguru.governance.waivers.limits import check_reason
from meguru.governance.waivers.types import OPEN, Waiver, WaiverState
from meguru.kernel.operations import Context, operation


@operation("waiver.revoke", permission="waiver:revoke", on="waiver")
def revoke(ctx: Context, *, waiver: str, reason: str) -> Waiver:
    """Take back a waiver, or the question for one: no release goes live by it any more.

    A model that is live by it stays live, and people are told.

    Raises
    ------
    Conflict
        If it was denied, revoked or has expired.
    """
    found = store.get(ctx.tx, waiver, lock=True)
    if found.state not in OPEN:
        raise Conflict(f"{found.ref} is {found.state}", where=found.ref, why="there is nothing to take back")
    why = check_reason(reason)
    done = msgspec.structs.replace(
        found,
        state=WaiverState.REVOKED,
        ended_by=ctx.principal.name,
        ended_at=log_time(ctx.tx, ctx.now()),
        end_reason=why,
    )
    is_live = is_leaned_on(ctx.tx, found)
    event = emit_event(ctx, "waiver.revoked" if is_live else "waiver.withdrawn", done, why=why)
    return store.save(ctx.tx, msgspec.structs.replace(done, event=event.id))
