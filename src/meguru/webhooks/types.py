"""What a webhook is, and what it is told."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

import msgspec


class WebhookState(StrEnum):
    """Whether a webhook is called."""

    ACTIVE = "active"
    DISABLED = "disabled"


class Webhook(msgspec.Struct, frozen=True, kw_only=True):
    """An address that is called when something happens; its secret is never shown.

    It is told of what happens in its `project` (empty: the default one) after event number `since_seq`: since
    it was made, or switched on again. `events` are patterns of our own types of events (``release.*``),
    `topics` are those of other protocols.
    """

    id: str
    name: str
    url: str
    topics: list[str]
    description: str
    state: WebhookState
    has_secret: bool
    since_seq: int
    created_by: str
    created_at: datetime
    updated_at: datetime
    project: str = ""
    events: list[str] = []


class CallHeaders(NamedTuple):
    """The headers that carry a call's id, the second when it was made, and its signature."""

    id: str
    stamp: str
    signature: str


class WebhookMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A call as it goes over the wire, but for its id, time and signature."""

    body: bytes
    content_type: str
    headers: CallHeaders


class WebhookCall(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to tell in another protocol: its topic, when it happened, and its data."""

    topic: str
    at: datetime
    data: dict[str, Any]


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """One time that a webhook was called: `delivery` is what the other side saw as its id.

    `event` is empty for a test; `status` is 0 when nothing came back, and `error` tells why it was not taken.
    """

    webhook: str
    delivery: str
    topic: str
    event: str
    attempt: int
    at: datetime
    status: int
    error: str
    seconds: float
    is_taken: bool


class DeliveryResponse(msgspec.Struct, frozen=True, kw_only=True):
    """What came back from a call; `status` is 0 when nothing did, and `error` tells why."""

    status: int = 0
    body: str = ""
    error: str = ""
    seconds: float = 0.0

    @property
    def is_taken(self) -> bool:
        """Whether the other side took it; a redirection is not followed, and so nobody took the call."""
        return 200 <= self.status < 300

    @property
    def is_worth_another(self) -> bool:
        """Whether it may be taken later: it was busy, broken, or not reached."""
        return self.status in {0, 408, 425, 429} or self.status >= 500
