"""Ask for webhooks, and try one."""

from __future__ import annotations

from typing import Any

from meguru.base.ids import new_id
from meguru.errors import InvalidInput
from meguru.kernel.operations import Context, operation
from meguru.webhooks import store
from meguru.webhooks.deliveries import note, of_call
from meguru.webhooks.manage import check_topics
from meguru.webhooks.secrets import open_secret
from meguru.webhooks.send import send
from meguru.webhooks.types import DeliveryResponse, Webhook, WebhookCall


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
    (chosen,) = check_topics([topic or known.topics[0]])
    call = WebhookCall(topic=chosen, at=ctx.now(), data=example(chosen))
    secret, delivery = open_secret(ctx.ws, known.id, kept), new_id("delivery")
    # Before the transaction is open: nobody waits for the other side.
    answer = send(known.url, call, secret=secret, delivery=delivery, settings=ctx.settings)
    told = {"topic": chosen, "status": answer.status, "error": answer.error}
    ctx.emit("webhook.tested", f"webhook/{known.id}", data=told)
    note(ctx.tx, of_call(known.id, call, answer, delivery=delivery, at=ctx.now()))
    return answer


def example(topic: str) -> dict[str, Any]:
    """Return the data of an example, the same as MLflow's."""
    entity, _, action = topic.rpartition(".")
    is_prompt = entity.startswith("prompt")
    what = "prompt" if is_prompt else "model"
    named = {"name": f"example_{what}"}
    tags = {"tags": {"example_key": "example_value"}}
    version = {"version": "1"}
    of_version = version if "version" in entity else {}
    match entity.removeprefix("registered_").removeprefix(what).strip("_"):
        case "":
            words = "An example prompt" if is_prompt else "An example registered model"
            return named | tags | {"description": words}
        case "version":
            origin = (
                {"template": "Hello {{name}}!"}
                if is_prompt
                else {"source": "models:/123", "run_id": "abcd1234abcd5678"}
            )
            return named | version | origin | tags | {"description": f"An example {what} version"}
        case "tag" | "version_tag":
            value = {"value": "example_value"} if action == "set" else {}
            return named | of_version | {"key": "example_key"} | value
        case "alias" | "version_alias":
            return named | {"alias": "example_alias"} | (version if action == "created" else {})
    raise InvalidInput(f"{topic!r} has no example", field="topic")
