"""Turn the notices of a route into a message, and enqueue a job for each receiver (transactional outbox)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from meguru.alerts import store as alerts
from meguru.alerts.notifications import store
from meguru.alerts.notifications.compose import MAX_ITEMS, compose
from meguru.alerts.notifications.routing import RESOLVED_EVENT, due_at
from meguru.alerts.notifications.types import Dispatch, DispatchState, Notice, NotificationMessage, Route
from meguru.alerts.types import Alert
from meguru.base.ids import new_id
from meguru.kernel import events, jobs
from meguru.kernel.operations import Context

JOB = "notification"
MAX_ATTEMPTS = 12
"""With a pause that doubles from a second on, it is tried for more than half an hour."""
MAX_NOTICES = 2000


def enqueue_message(ctx: Context, *, name: str) -> int:
    """Make the message of a route that is due, and promise to send it to each receiver; 1 if it was."""
    route, now = store.find(ctx.tx, name, lock=True), ctx.now()
    if route is None or due_at(route, now) > now:
        return 0
    # Bounded, so that a message of very many is not one very long transaction; the rest is in the next.
    notices = store.notices(ctx.tx, name, MAX_NOTICES)
    known = alerts.by_id(ctx.tx, {notice.alert for notice in notices if notice.alert})
    ready = [notice for notice in notices if _is_ready(notice, known.get(notice.alert), ctx)]
    if not ready:
        return 0
    # Only the newest are told one by one.
    others = sorted((notice for notice in ready if not notice.alert), key=_last, reverse=True)[:MAX_ITEMS]
    told = {notice.last_event: events.get(ctx.tx, notice.last_event) for notice in others}
    message = compose(route, ready, known, told)
    # A job for each receiver, in a lane of its own: one that hangs holds up no other.
    for place, to in enumerate(route.to):
        _dispatch(ctx, route, place, to, message, ready)
    store.forget_notices(ctx.tx, name, [notice.key for notice in ready])
    of_alerts = [notice for notice in ready if notice.alert]
    over = [of_alert.alert for of_alert in of_alerts if of_alert.type == RESOLVED_EVENT]
    store.mark_notified(ctx.tx, name, [of_alert.alert for of_alert in of_alerts], now, over=over)
    store.set_last_message(ctx.tx, name, now)
    return 1


def _last(notice: Notice) -> datetime:
    return notice.last_at


def _is_ready(notice: Notice, alert: Alert | None, ctx: Context) -> bool:
    # What is muted waits; that it is over may be told.
    return alert is None or notice.type == RESOLVED_EVENT or not alert.is_muted(ctx.now())


def _dispatch(
    ctx: Context, route: Route, place: int, to: str, message: NotificationMessage, notices: list[Notice]
) -> None:
    dispatch = Dispatch(
        id=new_id("dlv"),
        notification=route.name,
        to=to,
        state=DispatchState.WAITING,
        attempts=0,
        created_at=ctx.now(),
        message=_plain(message),
    )
    store.add_dispatch(ctx.tx, dispatch)
    jobs.enqueue(
        ctx,
        kind=JOB,
        key=dispatch.id,
        payload={"dispatch": dispatch.id},
        cause=notices[-1].last_event,
        max_attempts=MAX_ATTEMPTS,
        lane=f"{JOB}:{route.name}:{place}",
    )


def _plain(message: NotificationMessage) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(message)
    return plain
