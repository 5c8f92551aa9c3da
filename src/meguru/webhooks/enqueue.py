"""Enqueue a call in the open transaction (transactional outbox): it is made if its cause is committed."""

from __future__ import annotations

from typing import Any

import msgspec

from meguru.kernel import jobs
from meguru.kernel.events import Event
from meguru.kernel.kinds.event_patterns import matches
from meguru.kernel.operations import Context
from meguru.webhooks.adapters import adapters
from meguru.webhooks.types import Webhook, WebhookCall, WebhookState

MAX_ATTEMPTS = 10
"""With a pause that doubles from a second on, it is tried for some eight minutes."""
KIND = "webhook_call"
OWN_PREFIX = "webhook."


def enqueue_event(
    ctx: Context, hook: Webhook, event: Event, *, key: str = "", said: dict[str, Any] | None = None
) -> jobs.Job:
    """Promise to tell a webhook of an event, once for each `key`; by default once for the event.

    `said` is added to the event's data, as ``data.said``; it is for whoever calls on purpose, as a trigger's
    action does.
    """
    payload = {"webhook": hook.id, "event": event.id, "said": said or {}}
    return _enqueue(ctx, key or f"{hook.id}:{event.id}", payload, event, hook)


def enqueue_topics(ctx: Context, hooks: list[Webhook], event: Event) -> int:
    """Promise what other protocols have to tell of an event; return how many calls."""
    count = 0
    for adapter in adapters():
        calls = adapter.calls_of(ctx.tx, event) if event.type in adapter.events else []
        for number, call in enumerate(calls):
            for hook in hooks:
                if call.topic in hook.topics:
                    _promise_call(ctx, hook, call, event, number)
                    count += 1
    return count


def includes_event(hook: Webhook, event: Event) -> bool:
    """Tell whether a webhook is to be told of one of our own events.

    What webhooks themselves do is told only where a pattern says so, and that such news was not taken is told
    to nobody: two that fail would keep each other busy for ever.
    """
    patterns = hook.events
    if event.type.startswith(OWN_PREFIX):
        patterns = [pattern for pattern in patterns if pattern.startswith(OWN_PREFIX)]
        if str(event.data.get("topic", "")).startswith(OWN_PREFIX):
            return False
    return matches(patterns, event.type)


def is_in_scope(hook: Webhook, event: Event) -> bool:
    """Tell whether what happened is a webhook's business at all: by project, state and time."""
    return hook.state is WebhookState.ACTIVE and hook.project == event.project and event.seq > hook.since_seq


def _promise_call(ctx: Context, hook: Webhook, call: WebhookCall, event: Event, number: int) -> None:
    payload: dict[str, Any] = {"webhook": hook.id, "call": msgspec.to_builtins(call)}
    _enqueue(ctx, f"{hook.id}:{event.id}:{number}", payload, event, hook)


def _enqueue(ctx: Context, key: str, payload: dict[str, Any], event: Event, hook: Webhook) -> jobs.Job:
    return jobs.enqueue(
        ctx,
        kind=KIND,
        key=key,
        payload=payload,
        cause=event.id,
        max_attempts=MAX_ATTEMPTS,
        # One that hangs keeps the others of its own webhook waiting, and no more.
        lane=f"{KIND}:{hook.id}",
    )
