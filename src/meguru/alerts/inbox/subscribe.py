"""Follow things, and stop."""

from __future__ import annotations

from meguru.alerts.inbox import store
from meguru.alerts.inbox.types import InboxSubscription
from meguru.base import refs
from meguru.errors import InvalidInput
from meguru.kernel.operations import Context, operation
from meguru.kernel.principals import ANYBODY

MAX_SUBSCRIPTIONS = 500


@operation("subscription.follow", permission=ANYBODY, refers={"ref": "*"})
def follow(ctx: Context, *, ref: str) -> InboxSubscription:
    """Be told in your inbox of what happens to a thing and its versions, and of what people say of it.

    Raises
    ------
    NotFound
        If you may not see it.
    InvalidInput
        If you follow 500 things already.
    """
    about = check_about(ctx, ref)
    known = store.find(ctx.tx, ctx.principal.name, about)
    if known is not None and not known.muted:
        return known
    if len(store.subscriptions(ctx.tx, ctx.principal.name)) >= MAX_SUBSCRIPTIONS:
        raise InvalidInput(
            f"you follow {MAX_SUBSCRIPTIONS} things already", field="ref", hint="meguru unfollow REF"
        )
    made = InboxSubscription(principal=ctx.principal.name, about=about, created_at=ctx.now())
    store.save_subscription(ctx.tx, made)
    ctx.emit("subscription.begun", f"principal/{made.principal}", data={"about": about}, project="")
    return made


@operation("subscription.unfollow", permission=ANYBODY, refers={"ref": "*"})
def unfollow(ctx: Context, *, ref: str) -> InboxSubscription:
    """Be told of a thing no more, also when you comment on it; who names you there still reaches you."""
    name, about = ctx.principal.name, str(refs.parse(ref))
    known = store.find(ctx.tx, name, about)
    if known is not None and known.muted:
        return known
    if known is None:
        check_about(ctx, ref)
    made = InboxSubscription(principal=name, about=about, created_at=ctx.now(), muted=True)
    store.save_subscription(ctx.tx, made)
    ctx.emit("subscription.ended", f"principal/{name}", data={"about": about}, project="")
    return made


@operation("subscription.list", permission=ANYBODY, query=True)
def list_subscriptions(ctx: Context) -> list[InboxSubscription]:
    """List what you follow."""
    return store.subscriptions(ctx.tx, ctx.principal.name)


def check_about(ctx: Context, text: str) -> str:
    """Return the reference of a thing that the principal may see; NotFound if it may not."""
    ref = refs.parse(text)
    ctx.check_readable(ref.kind, str(ref))
    return str(ref)
