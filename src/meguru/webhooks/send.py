"""One call: signed, to an address that was checked when it was called, without redirects or proxies."""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import socket
import ssl
import time

import msgspec

from meguru.base.settings import Settings
from meguru.errors import MeguruError
from meguru.webhooks.addresses import addresses_of, check_url
from meguru.webhooks.types import DeliveryResponse, WebhookCall

TIMEOUT_SECONDS = 10.0
MAX_ANSWER = 64 * 1024


def send(url: str, call: WebhookCall, *, secret: str, delivery: str, settings: Settings) -> DeliveryResponse:
    """Make a call; whatever goes wrong is told in the answer.

    The receiver checks ``X-MLflow-Signature`` with the secret, sees by ``X-MLflow-Timestamp`` that it is no
    old call played again, and by ``X-MLflow-Delivery-Id`` whether it was told the same before.
    """
    body = body_of(call)
    stamp = str(int(time.time()))
    headers = {
        "Content-Type": "application/json",
        "X-MLflow-Delivery-Id": delivery,
        "X-MLflow-Timestamp": stamp,
    }
    if secret:
        headers["X-MLflow-Signature"] = signature(secret, delivery, stamp, body)
    start = time.monotonic()
    try:
        answer = _post(url, body, headers, settings)
    except MeguruError as error:
        answer = DeliveryResponse(error=error.what)
    except (OSError, http.client.HTTPException, ValueError) as error:
        answer = DeliveryResponse(error=f"{type(error).__name__}: {error}"[:500])
    return msgspec.structs.replace(answer, seconds=round(time.monotonic() - start, 3))


def body_of(call: WebhookCall) -> bytes:
    """Return the body of a call."""
    entity, _, action = call.topic.rpartition(".")
    data = dict(sorted(call.data.items(), key=lambda item: item[0] != "name"))
    shown = {"entity": entity, "action": action, "timestamp": call.at.isoformat(), "data": data}
    return msgspec.json.encode(shown)


def signature(secret: str, delivery: str, stamp: str, body: bytes) -> str:
    """Return ``v1,`` and the base64 of the HMAC-SHA256 over ``delivery.stamp.body``."""
    signed = f"{delivery}.{stamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(secret.encode(), signed, hashlib.sha256).digest()).decode()


def _post(url: str, body: bytes, headers: dict[str, str], settings: Settings) -> DeliveryResponse:
    parts = check_url(url, settings)
    host = parts.hostname or ""
    secure = parts.scheme == "https"
    port = parts.port or (443 if secure else 80)
    # The name is looked up once, and what was checked is what is called.
    connection = http.client.HTTPConnection(host, port, timeout=TIMEOUT_SECONDS)
    connection.sock = _connected(addresses_of(host, settings), port)
    try:
        if secure:
            connection.sock = ssl.create_default_context().wrap_socket(connection.sock, server_hostname=host)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        shown = f"[{host}]" if ":" in host else host
        named = {"Host": shown if parts.port is None else f"{shown}:{port}"}
        connection.request("POST", target, body, {**headers, **named})
        answer = connection.getresponse()
        return DeliveryResponse(status=answer.status, body=answer.read(MAX_ANSWER).decode(errors="replace"))
    finally:
        connection.close()


def _connected(addresses: list[str], port: int) -> socket.socket:
    problem = OSError("the name has no address")
    for address in addresses:
        try:
            return socket.create_connection((address, port), timeout=TIMEOUT_SECONDS)
        except OSError as error:
            problem = error
    raise problem
