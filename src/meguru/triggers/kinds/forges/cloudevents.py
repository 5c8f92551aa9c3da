"""CloudEvents 1.0 over HTTP, in the structured and the binary mode.

The sender shows the secret as a bearer token, or signs as Standard Webhooks do (``webhook-signature``), as
Meguru's own webhooks are signed.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from meguru.errors import InvalidInput, MeguruError
from meguru.triggers.arrivals.content import read_json, read_text
from meguru.triggers.kinds.forges.base import HookContent, is_same, text

OLDEST_SECONDS = 300
_NEEDED = ("specversion", "id", "source", "type")


class CloudEvents:
    """Deliveries of whoever speaks CloudEvents."""

    headers: tuple[str, ...] = (
        *("content-type", "ce-specversion", "ce-id", "ce-source", "ce-type", "ce-subject", "ce-time"),
        "webhook-id",
    )

    def is_signed(self, headers: Mapping[str, str], body: bytes, secret: str, now: datetime) -> bool:
        """Compare the bearer token, or the signature, which must be of these minutes."""
        kind, _, token = headers.get("authorization", "").partition(" ")
        if kind.lower() == "bearer":
            return is_same(token.strip(), secret)
        number, moment = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
        # Replay protection: the time is signed with the rest.
        if not moment.isdecimal() or len(moment) > 12 or abs(now.timestamp() - int(moment)) > OLDEST_SECONDS:
            return False
        signed = f"{number}.{moment}.".encode() + body
        wanted = base64.b64encode(hmac.new(_key(secret), signed, hashlib.sha256).digest()).decode()
        return any(is_same(each, f"v1,{wanted}") for each in headers.get("webhook-signature", "").split())

    def delivery(self, headers: Mapping[str, str], body: bytes) -> str:
        """Return source and id, which together name an event."""
        try:
            found = _attributes(headers, body)
        except MeguruError:
            return headers.get("webhook-id", "")
        return f"{text(found, 'source')} {text(found, 'id')}".strip()

    def kind(self, headers: Mapping[str, str], body: bytes) -> str:
        """Return the event's type."""
        try:
            return text(_attributes(headers, body), "type")
        except MeguruError:
            return ""

    def read(self, headers: Mapping[str, str], body: bytes) -> HookContent:
        """Return the event: its type, its source as the repository, its subject as the action, its data."""
        found = _attributes(headers, body)
        for name in _NEEDED:
            if not text(found, name):
                raise InvalidInput(f"a CloudEvent has the attribute {name!r}", field=name)
        if text(found, "specversion") != "1.0":
            raise InvalidInput("only CloudEvents 1.0 are read", field="specversion")
        return HookContent(
            event=text(found, "type"),
            repository=text(found, "source"),
            action=text(found, "subject"),
            body=found.get("data"),
        )


def _attributes(headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "application/cloudevents+json":
        found = read_json(body)
        if not isinstance(found, dict):
            raise InvalidInput("a CloudEvent is a JSON object")
        return found
    if kind.startswith("application/cloudevents"):
        raise InvalidInput("batches of CloudEvents are not read", hint="send them one by one")
    given: dict[str, Any] = {
        name.removeprefix("ce-"): value for name, value in headers.items() if name.startswith("ce-")
    }
    is_json = kind.endswith(("/json", "+json"))
    return given | {"data": (read_json(body) if is_json else read_text(body)) if body else None}


def _key(secret: str) -> bytes:
    if not secret.startswith("whsec_"):
        return secret.encode()
    try:
        return base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except binascii.Error:
        return secret.encode()
