"""Call a webhook, signed as all its calls are."""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec

from meguru.base import refs
from meguru.kernel import events
from meguru.kernel.operations import Context
from meguru.triggers.actions.base import Occasion, Started
from meguru.triggers.actions.placeholders import fill, moment_of
from meguru.webhooks import store
from meguru.webhooks.enqueue import enqueue_event
from meguru.webhooks.types import Webhook


class CallWebhook(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``{"webhook": "chat", "said": {"day": "{date}"}}``: tell it of the firing, with what is `said`."""

    key: ClassVar[str] = "webhook"
    names: ClassVar[dict[str, tuple[str, str]]] = {}
    needs: ClassVar[tuple[str, ...]] = ()
    exclusive: ClassVar[bool] = False

    webhook: str
    said: dict[str, Any] = {}

    def check(self, ctx: Context) -> None:
        """Refuse a webhook that nobody made, or that whoever declares this may not have called."""
        self._hook(ctx)

    def start(self, ctx: Context, occasion: Occasion) -> Started:
        """Promise the call, which is tried again until it is taken."""
        hook = self._hook(ctx)
        event = events.get(ctx.tx, ctx.cause or "")
        said = fill(self.said, moment_of(ctx, occasion))
        job = enqueue_event(ctx, hook, event, key=f"{hook.id}:{occasion.key}", said=said)
        return Started(ref=refs.make("webhook", hook.id), job=job.id)

    def _hook(self, ctx: Context) -> Webhook:
        webhook = store.one(ctx.tx, self.webhook, ctx.principal.projects("webhook:read"))
        ctx.require(
            "webhook:write", project=webhook.project, why=f"the trigger would call webhook/{webhook.id}"
        )
        return webhook
