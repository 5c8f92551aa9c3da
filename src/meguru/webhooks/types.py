"""What a webhook is, and what it can be told of."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec

TOPICS = (
    "registered_model.created",
    "model_version.created",
    "model_version_tag.set",
    "model_version_tag.deleted",
    "model_version_alias.created",
    "model_version_alias.deleted",
    "prompt.created",
    "prompt_version.created",
    "prompt_tag.set",
    "prompt_tag.deleted",
    "prompt_version_tag.set",
    "prompt_version_tag.deleted",
    "prompt_alias.created",
    "prompt_alias.deleted",
)
"""What a webhook can be told of, in MLflow's words: an entity and what was done with it."""


class WebhookState(StrEnum):
    """Whether a webhook is called."""

    ACTIVE = "active"
    DISABLED = "disabled"


class Webhook(msgspec.Struct, frozen=True, kw_only=True):
    """An address that is called when something happens; its secret is never shown.

    It is told of what happens in its `project` (empty: the default one) after event number `since_seq`: since
    it was made, or switched on again.
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


class WebhookCall(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to tell: its topic, when it happened, and its data."""

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
        """Whether the other side took it."""
        return 0 < self.status < 400

    @property
    def is_worth_another(self) -> bool:
        """Whether it may be taken later: it was busy, broken, or not reached."""
        return self.status in {0, 408, 425, 429} or self.status >= 500
