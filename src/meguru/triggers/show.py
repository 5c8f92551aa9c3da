"""Questions about triggers: which there are, what they did, whether all is quiet."""

import time

from meguru.base.paging import Page, check_limit
from meguru.runtime import events
from meguru.runtime.operations import Context, operation
from meguru.triggers import store
from meguru.triggers.types import Firing, Settled, Trigger

LONGEST_WAIT = 30.0
LOOK_AGAIN = 0.05


@operation("trigger.list", permission="trigger:read", query=True)
def list_triggers(ctx: Context) -> list[Trigger]:
    """List the triggers, by name."""
    return store.all_triggers(ctx.tx)


@operation("trigger.show", permission="trigger:read", query=True)
def show(ctx: Context, *, name: str) -> Trigger:
    """Show one trigger."""
    return store.one(ctx.tx, name)


@operation("trigger.history", permission="trigger:read", query=True)
def history(ctx: Context, *, name: str = "", before: str = "", limit: int = 100) -> Page[Firing]:
    """List what a trigger (or every one) did, newest first: fired, held back or failed, with the reason."""
    if name:
        store.one(ctx.tx, name)
    items = store.firings(ctx.tx, name, before=before, limit=check_limit(limit) + 1)
    return Page(items=items[:limit], next_cursor=items[limit - 1].id if len(items) > limit else "")


@operation("trigger.settled", permission="trigger:read", query=True)
def settled(ctx: Context, *, timeout: float = 0.0) -> Settled:
    """Tell whether the system is quiet: every event was decided on, and no job waits or runs.

    Waits for that, `timeout` seconds at most (and never more than 30).
    """
    end = time.monotonic() + min(timeout, LONGEST_WAIT)
    while True:
        with ctx.ws.read() as tx:
            head, cursor, jobs = events.head(tx), store.cursor(tx), store.open_jobs(tx)
        quiet, left = cursor >= head and jobs == 0, end - time.monotonic()
        if quiet or left <= 0 or ctx.ws.draining.is_set():
            return Settled(settled=quiet, head=head, cursor=cursor, open_jobs=jobs)
        with ctx.ws.committed:
            ctx.ws.committed.wait(min(LOOK_AGAIN, left))
