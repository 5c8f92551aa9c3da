"""What people follow, and what is in their inboxes."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec


class InboxSubscription(msgspec.Struct, frozen=True, kw_only=True):
    """A thing that a principal follows, and since when; `muted` when it said that it does not want to."""

    principal: str
    about: str
    created_at: datetime
    muted: bool = False


class InboxReason(StrEnum):
    """Why something is in an inbox."""

    FOLLOWED = "followed"
    MENTIONED = "mentioned"
    ANSWERED = "answered"


class InboxItem(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened: the event's number, id, type and subject, and why its principal is told."""

    principal: str
    seq: int
    event: str
    type: str
    subject: str
    about: str
    project: str
    actor: str
    why: InboxReason
    at: datetime

    def is_newer(self, seq: int) -> bool:
        """Tell whether it happened after an event's number."""
        return self.seq > seq


class InboxSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How a principal is told: to which address, in which hours, with what pause (seconds), in what words.

    `read_seq` is the number of the last event that it has seen, `mailed_seq` of the last that it was told of.
    """

    principal: str
    mail: str = ""
    hours: str = ""
    dedupe: float = 300.0
    language: str = "en"
    read_seq: int = 0
    mailed_seq: int = 0
    mailed_at: datetime | None = None


class Inbox(msgspec.Struct, frozen=True, kw_only=True):
    """What happened to what one follows, the newest first; of how many one has not seen yet."""

    items: list[InboxItem]
    unread: int
    settings: InboxSettings
    next_cursor: str = ""
