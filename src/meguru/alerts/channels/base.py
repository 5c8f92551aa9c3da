"""What a channel promises."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from meguru.alerts.notifications.types import NotificationMessage
from meguru.base.settings import Settings
from meguru.webhooks.types import DeliveryResponse


@dataclass(frozen=True, kw_only=True)
class Envelope:
    """A message on its way: `address` has no references left, `delivery` is the same at each attempt.

    `drawings` are of its alerts, by their ids, as SVG.
    """

    address: str
    message: NotificationMessage
    delivery: str
    secret: str
    settings: Settings
    drawings: Mapping[str, str] = field(default_factory=dict)


class Channel(Protocol):
    """One way to tell.

    `send` ends within 30 s, whatever the other side does; whatever goes wrong is told in its answer, without
    the address where that may be a secret. It may be called twice with the same `delivery`: a server may be
    killed between sending and writing that it sent. Safe for many threads.
    """

    def check(self, address: str, settings: Settings, *, field: str) -> None:
        """Raise InvalidInput, naming the field, if nothing may be sent to this address."""
        ...

    def send(self, envelope: Envelope) -> DeliveryResponse:
        """Send a message."""
        ...
