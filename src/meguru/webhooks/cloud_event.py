"""Our own events as a webhook tells them: CloudEvents 1.0 in JSON, signed as Standard Webhooks are.

References
----------
.. [1] CNCF, CloudEvents 1.0.2, JSON Event Format. https://cloudevents.io
.. [2] Standard Webhooks 1.0. https://www.standardwebhooks.com
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import msgspec

from meguru.base import refs
from meguru.kernel.events import Event
from meguru.webhooks.types import CallHeaders, WebhookMessage

HEADERS = CallHeaders(id="Webhook-Id", stamp="Webhook-Timestamp", signature="Webhook-Signature")
CONTENT_TYPE = "application/cloudevents+json"


def message_of(event: Event, said: dict[str, Any] | None = None) -> WebhookMessage:
    """Return an event as a message; `said` is added to its data, under that name."""
    data: dict[str, Any] = dict(event.data) | ({"said": said} if said else {})
    shown = {
        "specversion": "1.0",
        "id": event.id,
        "type": event.type,
        "source": f"/projects/{quote(event.project or refs.DEFAULT)}",
        "subject": event.subject,
        "time": event.at,
        "datacontenttype": "application/json",
        # Extensions, whose names are of lower-case letters alone.
        "sequence": str(event.seq),
        "actor": event.actor,
        **({"cause": event.cause} if event.cause else {}),
        "data": data,
    }
    return WebhookMessage(body=msgspec.json.encode(shown), content_type=CONTENT_TYPE, headers=HEADERS)
