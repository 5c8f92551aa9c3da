"""An address that is called with each checkpoint; what is told is signed, whoever carries it."""

from __future__ import annotations

import hashlib

import msgspec

from meguru.base.settings import Settings
from meguru.errors import InvalidInput, Unreachable
from meguru.webhooks.addresses import check_url
from meguru.webhooks.send import send
from meguru.webhooks.types import CallHeaders, WebhookMessage

_HEADERS = CallHeaders(id="Webhook-Id", stamp="Webhook-Timestamp", signature="Webhook-Signature")


class WebhookPlace:
    """Calls by POST with ``{"type": "checkpoint", "size": …, "checkpoint": NOTE}``; 2xx means taken."""

    def __init__(self, text: str, settings: Settings, field: str) -> None:
        self._url, self._settings = text.removeprefix("webhook:"), settings
        try:
            check_url(self._url, settings)
        except InvalidInput as error:
            raise InvalidInput(error.what, why=error.why, hint=error.hint, field=field) from None

    def write(self, notes: list[tuple[int, str]]) -> None:
        """Call with each; the id of a call is the same when it is made again."""
        for size, note in notes:
            body = msgspec.json.encode({"type": "checkpoint", "size": size, "checkpoint": note})
            message = WebhookMessage(body=body, content_type="application/json", headers=_HEADERS)
            delivery = hashlib.sha256(note.encode()).hexdigest()[:32]
            answer = send(self._url, message, secret="", delivery=delivery, settings=self._settings)
            if not answer.is_taken:
                why = answer.error or f"it answered {answer.status}"
                raise Unreachable("the webhook did not take a checkpoint", why=why)
