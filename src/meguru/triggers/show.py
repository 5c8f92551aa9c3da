"""Questions about triggers: which there are, what they did, whether all is quiet."""

import time
from datetime import datetime

from sqlalchemy import Connection

from meguru.base.paging import Page, check_limit
from meguru.kernel import events
from meguru.kernel.operations import Context, operation
from meguru.monitoring.schedule import pending_work
from meguru.triggers import store
from meguru.triggers.evaluate import undecided
from meguru.triggers.firing import may_fire
from meguru.triggers.index import TriggerIndex
from meguru.triggers.parse import kind_of
from meguru.triggers.types import Firing, FiringState, Settled, Trigger, Upcoming

MAX_WAIT_SECONDS = 30.0
POLL_SECONDS = 0.05


@operation("trigger.list", permission="trigger:read", query=True)
def list_triggers(ctx: Context) -> list[Trigger]:
    """List the triggers, by name."""
    return store.all_triggers(ctx.tx, ctx.visible)


@operation("trigger.show", permission="trigger:read", query=True, on="name")
def show(ctx: Context, *, name: str) -> Trigger:
    """Show one trigger."""
    return store.one(ctx.tx, name)


@operation("trigger.next", permission="trigger:read", query=True, on="name")
def next_moments(ctx: Context, *, name: str, count: int = 5) -> Upcoming:
    """Tell the next moments of a calendar trigger, in its time zone; of one that waits for events, none."""
    check_limit(count)
    trigger = store.one(ctx.tx, name)
    kind = kind_of(trigger.on)
    found: list[datetime] = []
    moment: datetime | None = ctx.now()
    while len(found) < count and moment is not None and (moment := kind.next_due(moment)) is not None:
        found.append(moment.astimezone(kind.zone))
    return Upcoming(name=name, zone=kind.zone.key, enabled=trigger.enabled, moments=found)


@operation("trigger.history", permission="trigger:read", query=True, on="name")
def history(
    ctx: Context, *, name: str = "", before: str = "", limit: int = 100, state: FiringState | None = None
) -> Page[Firing]:
    """List what a trigger (or every one) did, newest first: fired, owed, held back, failed, or missed.

    `state` (``missed``) picks those of one state.
    """
    if name:
        store.one(ctx.tx, name)
    items = store.firings(
        ctx.tx, name, before=before, limit=check_limit(limit) + 1, state=state, projects=ctx.visible
    )
    return Page(items=items[:limit], next_cursor=items[limit - 1].id if len(items) > limit else "")


def _undecided(tx: Connection, cursor: int, head: int) -> bool:
    index = TriggerIndex()
    index.refresh(tx)
    return bool(undecided(tx, index, cursor, head))


@operation("trigger.settled", permission="trigger:read", query=True)
def settled(ctx: Context, *, timeout: float = 0.0) -> Settled:
    """Tell whether the system is quiet: every event was decided on, and no job waits or runs.

    A monitor that looks by itself has looked at what is full. Waits for that, `timeout` seconds at most (and
    never more than 30).
    """
    # In this order NaN, which a query string can hold, is the longest wait and not one without an end.
    end = time.monotonic() + min(MAX_WAIT_SECONDS, timeout)
    while True:
        with ctx.ws.read() as tx:
            head, cursor, jobs = events.head(tx), store.cursor(tx), store.open_jobs(tx)
            owed = store.owed(tx)
            named = [(firing, store.find(tx, firing.trigger)) for firing in owed]
            due = [each for each, trigger in named if trigger and may_fire(tx, trigger, each, ctx.now())]
            if cursor < head and not _undecided(tx, cursor, head):
                cursor = head
            quiet = cursor >= head and jobs == 0 and not due and not pending_work.any_due(tx, ctx.now())
        left = end - time.monotonic()
        if quiet or left <= 0 or ctx.ws.draining.is_set():
            return Settled(settled=quiet, head=head, cursor=cursor, open_jobs=jobs, owed=len(owed))
        with ctx.ws.committed:
            ctx.ws.committed.wait(min(POLL_SECONDS, left))
