"""Ask for notifications, and try one."""

from __future__ import annotations

import msgspec

from meguru.alerts.notifications import store
from meguru.alerts.notifications.deliver import send
from meguru.alerts.notifications.types import (
    Dispatch,
    DispatchState,
    MessageItem,
    NotificationMessage,
    Route,
)
from meguru.base.ids import new_id
from meguru.base.paging import check_limit
from meguru.base.text import translate
from meguru.errors import NotFound
from meguru.kernel.operations import Context, operation
from meguru.webhooks.types import DeliveryResponse

EXAMPLE = "This is an example: if you can read it, messages arrive."


class SendTrial(msgspec.Struct, frozen=True, kw_only=True):
    """What came back from one receiver."""

    to: str
    answer: DeliveryResponse


@operation("notification.list", permission="notification:read", query=True)
def list_notifications(ctx: Context) -> list[Route]:
    """List notifications by name."""
    return store.all_routes(ctx.tx, ctx.visible)


@operation("notification.show", permission="notification:read", query=True, on="name")
def show(ctx: Context, *, name: str) -> Route:
    """Show a notification: who is told of what, when."""
    return store.get(ctx.tx, name)


@operation("notification.deliveries", permission="notification:read", query=True, on="name")
def deliveries(ctx: Context, *, name: str, state: str = "", limit: int = 100) -> list[Dispatch]:
    """List the messages of a notification, the newest first: to whom, and what became of them."""
    known = [each.value for each in DispatchState]
    if state and state not in known:
        raise NotFound.of("state", state, known)
    return store.dispatches(ctx.tx, store.get(ctx.tx, name).name, check_limit(limit), state)


@operation("notification.newest", permission="notification:read", query=True)
def newest_deliveries(ctx: Context, *, limit: int = 5) -> dict[str, list[Dispatch]]:
    """List the newest messages of each notification, by its name: to whom, and what became of them."""
    names = [each.name for each in store.all_routes(ctx.tx, ctx.visible)]
    sent = store.newest_dispatches(ctx.tx, names, check_limit(limit))
    return {name: sent.get(name, []) for name in names}


@operation("notification.test", permission="notification:write", on="name")
def try_out(ctx: Context, *, name: str) -> list[SendTrial]:
    """Send an example to each receiver now, and tell what came back."""
    with ctx.ws.read() as tx:
        route = store.get(tx, name)
    now = ctx.now()
    text = translate(EXAMPLE, route.language)
    item = MessageItem(text=text, subject=route.ref, at=now)
    message = NotificationMessage(
        title=f"Meguru: {text}", items=[item], notification=route.name, language=route.language
    )
    trials = []
    # Before the transaction is open: nobody waits for the other side.
    for to in route.to:
        example = Dispatch(
            id=new_id("dlv"),
            notification=route.name,
            to=to,
            state=DispatchState.WAITING,
            attempts=0,
            created_at=now,
            message=msgspec.to_builtins(message),
        )
        trials.append(SendTrial(to=to, answer=send(ctx.ws, route, example)))
    failed = [each.to for each in trials if not each.answer.is_taken]
    ctx.emit("notification.tested", route.ref, data={"failed": failed})
    return trials
