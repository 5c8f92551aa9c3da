"""Tell in the console: the message is kept with its route, and shown on the page of alerts."""

from __future__ import annotations

from meguru.alerts.channels.base import Envelope
from meguru.base.settings import Settings
from meguru.errors import InvalidInput
from meguru.webhooks.types import DeliveryResponse


class ConsoleChannel:
    """The console."""

    def check(self, address: str, settings: Settings, *, field: str) -> None:
        """Refuse an address: there is one console."""
        del settings
        if address:
            raise InvalidInput("the console has no address", field=field, hint="console")

    def send(self, envelope: Envelope) -> DeliveryResponse:
        """Do nothing more: what is kept is what is shown."""
        del envelope
        return DeliveryResponse(status=200)


CHANNEL = ConsoleChannel()
