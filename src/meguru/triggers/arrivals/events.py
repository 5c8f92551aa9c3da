"""The events of what arrives from outside; each is about the trigger that it arrived for."""

from __future__ import annotations

from typing import Any

import msgspec

from meguru.kernel.kinds import Payload, Tone, event_type


class _Arrived(Payload, frozen=True):
    key: str
    source: str


@event_type("message.received", label="message received", sentence="a message of {source} came for {subject}")
class MessageReceived(_Arrived, frozen=True):
    """A message: its body as JSON, or as text."""

    body: Any
    size: int
    digest: str
    headers: dict[str, str] = msgspec.field(default_factory=dict)


@event_type(
    "message.refused",
    label="message refused",
    sentence="a message of {source} for {subject} could not be read",
    tone=Tone.BAD,
    needs_person=True,
)
class MessageRefused(_Arrived, frozen=True):
    """What arrived could not be read; it is kept as a dead letter, with the reason."""

    letter: str
    reason: str
    size: int


@event_type(
    "message.dropped", label="dead letter dropped", sentence="{actor} dropped a dead letter of {subject}"
)
class MessageDropped(_Arrived, frozen=True):
    """Somebody gave up what could not be read."""

    letter: str
    reason: str


ARRIVALS = (MessageReceived, MessageRefused, MessageDropped)
