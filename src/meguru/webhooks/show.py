"""Ask for webhooks, and try one."""

from __future__ import annotations

from fnmatch import fnmatchcase

from meguru.base.ids import new_id
from meguru.kernel.event import Event
from meguru.kernel.kinds import event_types
from meguru.kernel.operations import Context, operation
from meguru.webhooks import cloud_event, store
from meguru.webhooks.adapters import adapter_of, message_of
from meguru.webhooks.deliveries import add_delivery, of_call
from meguru.webhooks.secrets import open_secret
from meguru.webhooks.send import send
from meguru.webhooks.types import DeliveryResponse, Webhook, WebhookCall, WebhookMessage


@operation("webhook.list", permission="webhook:read", query=True)
def list_webhooks(ctx: Context) -> list[Webhook]:
    """List webhooks, the newest first."""
    return store.all_webhooks(ctx.tx, ctx.visible)


@operation("webhook.show", permission="webhook:read", query=True)
def show(ctx: Context, *, webhook: str) -> Webhook:
    """Show the webhook with this id, or the only one with this name that is seen from here."""
    return store.one(ctx.tx, webhook, ctx.visible)


@operation("webhook.test", permission="webhook:write", on="webhook")
def try_out(ctx: Context, *, webhook: str, topic: str = "") -> DeliveryResponse:
    """Call a webhook once with an example, and tell what came back."""
    with ctx.ws.read() as tx:
        known = store.one(tx, webhook, ctx.visible)
        kept = store.secret_of(tx, known.id)
    chosen = topic or (known.events or known.topics)[0]
    message = _example(ctx, known, chosen)
    secret, delivery = open_secret(ctx.ws, known.id, kept), new_id("delivery")
    # Before the transaction is open: nobody waits for the other side.
    answer = send(known.url, message, secret=secret, delivery=delivery, settings=ctx.settings)
    told = {"topic": chosen, "status": answer.status, "error": answer.error}
    ctx.emit("webhook.tested", f"webhook/{known.id}", data=told)
    add_delivery(ctx.tx, of_call(known.id, chosen, answer, delivery=delivery, at=ctx.now()))
    return answer


def _example(ctx: Context, hook: Webhook, topic: str) -> WebhookMessage:
    """Return an example of a topic, or of an event, that a webhook may be told of."""
    for type in event_types():
        if topic not in hook.topics and fnmatchcase(type, topic):
            # Its data says that it is none that happened.
            subject = f"{type.partition('.')[0]}/example"
            example = Event(
                seq=0,
                id=new_id("example"),
                type=type,
                at=ctx.now(),
                actor=ctx.principal.name,
                operation="webhook.test",
                subject=subject,
                project=hook.project,
                data={"example": True},
            )
            return cloud_event.message_of(example)
    data = adapter_of(topic).example(topic)
    return message_of(WebhookCall(topic=topic, at=ctx.now(), data=data))
