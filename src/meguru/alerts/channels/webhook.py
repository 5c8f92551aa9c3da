"""Tell a system: the message as JSON, signed as our webhooks are."""

from __future__ import annotations

import msgspec

from meguru.alerts.channels.base import Envelope
from meguru.base import refs
from meguru.base.settings import Settings
from meguru.errors import InvalidInput
from meguru.webhooks import send
from meguru.webhooks.addresses import check_url
from meguru.webhooks.cloud_event import CONTENT_TYPE, HEADERS
from meguru.webhooks.types import DeliveryResponse, WebhookMessage

TYPE = "meguru.notification"


class WebhookChannel:
    """A CloudEvent whose data is the message, by POST."""

    def check(self, address: str, settings: Settings, *, field: str) -> None:
        """Refuse an address that no webhook may have."""
        check_address(address, settings, field=field)

    def send(self, envelope: Envelope) -> DeliveryResponse:
        """Send the message, signed when the route has a secret."""
        notification_message = envelope.message
        shown = {
            "specversion": "1.0",
            "id": envelope.delivery,
            "type": TYPE,
            "source": f"/projects/{notification_message.project or refs.DEFAULT}",
            "subject": f"notification/{notification_message.notification}",
            "datacontenttype": "application/json",
            "data": notification_message,
        }
        message = WebhookMessage(body=msgspec.json.encode(shown), content_type=CONTENT_TYPE, headers=HEADERS)
        return send.send(
            envelope.address,
            message,
            secret=envelope.secret,
            delivery=envelope.delivery,
            settings=envelope.settings,
        )


def check_address(address: str, settings: Settings, *, field: str) -> None:
    """Refuse an address that may not be called, without saying it where it may be a secret."""
    try:
        check_url(address, settings)
    except InvalidInput as error:
        what = "this address may not be called"
        private = "non-public" in error.what
        why = "it is not public" if private else "a webhook goes by https to a host, without user or password"
        raise InvalidInput(what, why=why, hint=error.hint, field=field) from None


CHANNEL = WebhookChannel()
