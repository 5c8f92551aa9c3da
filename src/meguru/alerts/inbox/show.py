"""Look into one's own inbox."""

from __future__ import annotations

import msgspec

from meguru.alerts.inbox import store
from meguru.alerts.inbox.types import Inbox, InboxSettings
from meguru.alerts.notifications.spec import MAX_DEDUPE_SECONDS
from meguru.base.durations import seconds
from meguru.base.hours import read_hours
from meguru.base.paging import check_limit
from meguru.base.text import LANGUAGES
from meguru.errors import InvalidInput, NotFound
from meguru.kernel import events
from meguru.kernel.operations import Context, operation
from meguru.kernel.principals import ANYBODY

READABLE = "event:read"
MAX_DIGITS = 18
"""A longer number is none of an event, and no column holds it."""
MIN_DEDUPE_SECONDS = 60.0
"""So many seconds are between two mails at least."""


@operation("subscription.inbox", permission=ANYBODY, query=True)
def inbox(ctx: Context, *, unread: bool = False, before: str = "", limit: int = 100) -> Inbox:
    """Return what happened to what you follow, the newest first: all, or what you have not seen yet."""
    most, name = check_limit(limit), ctx.principal.name
    if before and not (before.isdecimal() and len(before) <= MAX_DIGITS):
        raise InvalidInput("this is no place in an inbox", field="before")
    settings, projects = store.settings_of(ctx.tx, name), ctx.principal.projects(READABLE)
    items = store.items(
        ctx.tx,
        name,
        after=settings.read_seq if unread else 0,
        before=int(before) if before else None,
        limit=most + 1,
        projects=projects,
    )
    return Inbox(
        items=items[:most],
        unread=store.unread(ctx.tx, name, settings.read_seq, projects),
        settings=settings,
        next_cursor=str(items[most - 1].seq) if len(items) > most else "",
    )


@operation("subscription.read", permission=ANYBODY)
def read(ctx: Context, *, until: int = 0) -> InboxSettings:
    """Say that you have seen what is in your inbox, up to an event's number (0: all)."""
    name = ctx.principal.name
    settings = store.settings_of(ctx.tx, name, lock=True)
    head = events.head(ctx.tx)
    seen = min(until, head) if until else head
    if seen <= settings.read_seq:
        return settings
    changed = msgspec.structs.replace(settings, read_seq=seen)
    store.save_settings(ctx.tx, changed)
    ctx.emit("subscription.read", f"principal/{name}", data={"until": seen}, project="")
    return changed


@operation("subscription.configure", permission=ANYBODY)
def configure(
    ctx: Context,
    *,
    mail: str | None = None,
    hours: str | None = None,
    dedupe: str | None = None,
    language: str | None = None,
) -> InboxSettings:
    """Say how you are told of your inbox beside the console: by mail, in which hours, how often at most.

    What is not given stays. Without `mail` nothing is sent; what comes outside of `hours`, or within
    `dedupe` of the last mail, is told together in the next.
    """
    from meguru.alerts.channels.mail import CHANNEL

    name = ctx.principal.name
    settings = store.settings_of(ctx.tx, name, lock=True)
    if mail:
        CHANNEL.check(mail, ctx.settings, field="mail")
    if hours:
        read_hours(hours)
    if language is not None and language not in LANGUAGES:
        raise NotFound.of("language", language, LANGUAGES)
    pause = settings.dedupe if dedupe is None else _pause(dedupe)
    changed = msgspec.structs.replace(
        settings,
        mail=settings.mail if mail is None else mail,
        hours=settings.hours if hours is None else hours,
        dedupe=pause,
        language=settings.language if language is None else language,
        # Who asks for mails for the first time is told of what comes from now on.
        mailed_seq=settings.mailed_seq if settings.mail or not mail else events.head(ctx.tx),
    )
    if changed == settings:
        return settings
    store.save_settings(ctx.tx, changed)
    data = {
        "by_mail": bool(changed.mail),
        "hours": changed.hours,
        "dedupe": changed.dedupe,
        "language": changed.language,
    }
    ctx.emit("subscription.configured", f"principal/{name}", data=data, project="")
    return changed


def _pause(given: str) -> float:
    found = seconds(given, field="dedupe") or 0.0
    if not MIN_DEDUPE_SECONDS <= found <= MAX_DEDUPE_SECONDS:
        raise InvalidInput("dedupe is between a minute and 7 days", field="dedupe", hint="10m, 2h, 1d")
    return found
