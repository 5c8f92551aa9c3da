"""The event log as operations: read it, and wait for what comes."""

import time

from sqlalchemy import Connection

from meguru.base.paging import Page, check_limit
from meguru.kernel import events
from meguru.kernel.operations import Context, operation

MAX_SECONDS = 30.0


@operation("event.list", permission="event:read", query=True)
def list_events(
    ctx: Context,
    *,
    after: int = 0,
    before: int | None = None,
    limit: int = 100,
    type: str = "",
    subject: str = "",
    newest_first: bool = False,
) -> Page[events.Event]:
    """List events of the log, a page at a time: those about things of projects that the caller may see."""
    types = (type,) if type else ()
    found = events.read(
        ctx.tx,
        after=after,
        before=before,
        limit=check_limit(limit) + 1,
        types=types,
        subject=subject,
        newest_first=newest_first,
        projects=ctx.visible,
    )
    more = str(found[limit - 1].seq) if len(found) > limit else ""
    return Page(items=found[:limit], next_cursor=more)


@operation("event.last_words", permission="event:read", query=True)
def last_words(ctx: Context, *, types: list[str], limit: int = 20) -> list[events.Event]:
    """Return the newest events of each of some types after which nothing happened to the same thing."""
    return events.latest_by_subject(ctx.tx, types, limit=check_limit(limit), projects=ctx.visible)


@operation("event.wait", permission="event:read", query=True)
def wait_event(ctx: Context, *, after: int, timeout: float = 20.0) -> int:
    """Wait until an event newer than `after` is committed; answer the number of the last one.

    What the caller may not see is no event here. When the time is over, the last one may be an older one.
    """
    end = time.monotonic() + min(max(timeout, 0.0), MAX_SECONDS)
    if ctx.visible is None:
        return events.wait(ctx.ws, after=after, timeout=end - time.monotonic())
    newest, looked = _head(ctx), after
    while newest <= after and (left := end - time.monotonic()) > 0 and not ctx.ws.draining.is_set():
        looked = max(looked, events.wait(ctx.ws, after=looked, timeout=left))
        newest = _head(ctx)
    return newest


def _head(ctx: Context) -> int:
    """Return the newest event that the caller may see; each look is at the present, not at one moment."""
    with ctx.ws.read() as tx:
        return events.head(tx, ctx.visible)


def evidence(tx: Connection, model: str, endpoint: str) -> dict[str, list[str]]:
    """Return the newest event, whose hash covers all before it (`checklist evidence`)."""
    del model, endpoint
    newest = events.latest(tx)
    return {} if newest is None else {"log": [f"event/{newest.id}"]}
