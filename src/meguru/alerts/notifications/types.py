"""Routes, what waits to be told by each, messages, and what became of them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec

from meguru.base import refs
from meguru.kernel.kinds import Urgency


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """A notification as it is kept; see `NotificationSpec` for what is declared of it.

    It is told of what happens after event number `created_seq`; its last message was made at `last_at`.
    """

    name: str
    to: list[str]
    severity: Urgency
    alerts: bool
    events: list[str]
    projects: list[str]
    hours: str
    dedupe: float
    secret: str
    language: str
    created_at: datetime
    created_seq: int
    last_at: datetime | None = None

    @property
    def ref(self) -> str:
        """The reference of this notification."""
        return refs.make("notification", self.name)


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that waits to be told by a route, however often it came; without `alert` it is of none."""

    route: str
    key: str
    type: str
    subject: str
    alert: str
    count: int
    first_event: str
    last_event: str
    first_at: datetime
    last_at: datetime


class MessageItem(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that a message tells: a sentence, facts, and where to read more (empty: nowhere).

    `evidence` is what made it ring, for systems; `picture` is where its drawing is, for those who show one.
    """

    text: str
    severity: str = ""
    state: str = ""
    subject: str = ""
    facts: list[str] = []
    count: int = 1
    at: datetime
    alert: str = ""
    url: str = ""
    acknowledge: str = ""
    picture: str = ""
    evidence: dict[str, Any] = {}


class NotificationMessage(msgspec.Struct, frozen=True, kw_only=True):
    """What is sent: a title, the first things, and how many more there are."""

    title: str
    items: list[MessageItem]
    more: int = 0
    notification: str
    project: str = ""
    language: str = "en"
    url: str = ""


class DispatchState(StrEnum):
    """What became of a message to one receiver."""

    WAITING = "waiting"
    TAKEN = "taken"
    FAILED = "failed"
    """It was not taken, and won't be sent again."""


class Dispatch(msgspec.Struct, frozen=True, kw_only=True):
    """A message to one receiver: `to` as it was declared, so that no secret shows.

    `status` is 0 when nothing came back, and `error` tells why it was not taken the last time.
    """

    id: str
    notification: str
    to: str
    state: DispatchState
    attempts: int
    created_at: datetime
    at: datetime | None = None
    status: int = 0
    error: str = ""
    seconds: float = 0.0
    message: dict[str, Any] = {}
