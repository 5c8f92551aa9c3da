"""Protocols whose topics a webhook may be told of, beside our own events; see `Kind.provides`."""

from __future__ import annotations

from typing import Any, Protocol

from sqlalchemy import Connection

from meguru.errors import InvalidInput, near_misses
from meguru.kernel.events import Event
from meguru.kernel.kinds import provided
from meguru.webhooks.types import CallHeaders, WebhookCall, WebhookMessage

FAMILY = "topic adapter"


class TopicAdapter(Protocol):
    """What another protocol makes of our events: its topics, and how its calls look."""

    topics: tuple[str, ...]
    """What a webhook can be told of."""
    events: tuple[str, ...]
    """The types of our events that may give something to tell."""
    headers: CallHeaders
    content_type: str

    def calls_of(self, tx: Connection, event: Event) -> list[WebhookCall]:
        """Return what an event gives to tell; often nothing."""
        ...

    def example(self, topic: str) -> dict[str, Any]:
        """Return the data of an example."""
        ...

    def body(self, call: WebhookCall) -> bytes:
        """Return the body of a call."""
        ...


def adapters() -> list[TopicAdapter]:
    """Return all that kinds provide."""
    family = provided(FAMILY)
    return [family.load(name) for name in family.names()]


def adapter_of(topic: str) -> TopicAdapter:
    """Return the adapter that a topic is of.

    Raises
    ------
    InvalidInput
        If it is of none.
    """
    topic_adapters = adapters()
    for adapter in topic_adapters:
        if topic in adapter.topics:
            return adapter
    topics = sorted(each for adapter in topic_adapters for each in adapter.topics)
    close = near_misses(topic, topics)
    hint = f"did you mean {close[0]!r}?" if close else f"use {', '.join(topics)}"
    raise InvalidInput(f"{topic[:100]!r} is no topic of a webhook", hint=hint, field="topics")


def message_of(call: WebhookCall) -> WebhookMessage:
    """Return a call as its protocol writes it."""
    adapter = adapter_of(call.topic)
    return WebhookMessage(body=adapter.body(call), content_type=adapter.content_type, headers=adapter.headers)
