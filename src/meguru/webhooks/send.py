"""One signed HTTP call, to an address that was resolved and checked (SSRF); no redirects, no proxies."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import http.client
import os
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress

import msgspec

from meguru.base.settings import Settings
from meguru.errors import MeguruError
from meguru.webhooks.addresses import addresses_of, check_url
from meguru.webhooks.types import DeliveryResponse, WebhookMessage

TIMEOUT_SECONDS = 10.0
"""Of each step: to connect, to send, to hear something."""
DEADLINE_SECONDS = 15.0
"""Of the whole call: who answers a letter at a time holds nobody up."""
MAX_ANSWER = 64 * 1024
_BASE64 = "whsec_"
"""So begins a secret that is written in base64, as Standard Webhooks has it."""


def send(
    url: str, message: WebhookMessage, *, secret: str, delivery: str, settings: Settings
) -> DeliveryResponse:
    """Make a signed call; whatever goes wrong is told in the answer.

    The receiver checks the signature with the secret, sees by the time that it is no old call played again,
    and by the id whether it was told the same before.
    """
    stamp, names = str(int(time.time())), message.headers
    headers = {"Content-Type": message.content_type, names.id: delivery, names.stamp: stamp}
    if secret:
        headers[names.signature] = signature(secret, delivery, stamp, message.body)
    return post(url, message.body, headers, settings)


def post(url: str, body: bytes, headers: Mapping[str, str], settings: Settings) -> DeliveryResponse:
    """Send a body to an address that may be called; whatever goes wrong is told in the answer."""
    start = time.monotonic()
    try:
        answer = _post(url, body, headers, settings)
    except MeguruError as error:
        answer = DeliveryResponse(error=error.what)
    except (OSError, http.client.HTTPException, ValueError) as error:
        answer = DeliveryResponse(error=f"{type(error).__name__}: {error}"[:500])
    return msgspec.structs.replace(answer, seconds=round(time.monotonic() - start, 3))


def signature(secret: str, delivery: str, stamp: str, body: bytes) -> str:
    """Return ``v1,`` and the base64 of the HMAC-SHA256 over ``delivery.stamp.body``, as Standard Webhooks do.

    A secret that begins with ``whsec_`` is the base64 of the key; any other is the key itself.
    """
    signed = f"{delivery}.{stamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(_key_of(secret), signed, hashlib.sha256).digest()).decode()


def _key_of(secret: str) -> bytes:
    if secret.startswith(_BASE64):
        with suppress(binascii.Error):
            return base64.b64decode(secret.removeprefix(_BASE64), validate=True)
    return secret.encode()


def _post(url: str, body: bytes, headers: Mapping[str, str], settings: Settings) -> DeliveryResponse:
    end = time.monotonic() + DEADLINE_SECONDS
    parts = check_url(url, settings)
    host = parts.hostname or ""
    secure = parts.scheme == "https"
    port = parts.port or (443 if secure else 80)
    # The name is looked up once, and what was checked is what is called: a second look-up could give another
    # address (DNS rebinding).
    connection = http.client.HTTPConnection(host, port, timeout=TIMEOUT_SECONDS)
    connection.sock = _connected(addresses_of(host, settings), port, end)
    try:
        with cut_off_after(connection.sock, end):
            if secure:
                context = ssl.create_default_context()
                connection.sock = context.wrap_socket(connection.sock, server_hostname=host)
            target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            shown = f"[{host}]" if ":" in host else host
            named = {"Host": shown if parts.port is None else f"{shown}:{port}"}
            connection.request("POST", target, body, {**headers, **named})
            answer = connection.getresponse()
            text = answer.read(MAX_ANSWER).decode(errors="replace")
            return DeliveryResponse(status=answer.status, body=text)
    finally:
        connection.close()


@contextmanager
def cut_off_after(connection: socket.socket, end: float) -> Iterator[None]:
    """Cut a connection at a moment of the monotonic clock, whatever the other side does: TimeoutError."""
    over = threading.Event()
    # A handle of its own: that of a connection under TLS is taken over by the wrapped one.
    held = socket.socket(fileno=os.dup(connection.fileno()))

    def cut() -> None:
        over.set()
        with suppress(OSError):
            held.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(max(0.0, end - time.monotonic()), cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    except (OSError, http.client.HTTPException, ValueError) as error:
        if over.is_set():
            message = f"no whole answer within {DEADLINE_SECONDS:g} s"
            raise TimeoutError(message) from error
        raise
    finally:
        timer.cancel()
        held.close()
    if over.is_set():
        message = f"no whole answer within {DEADLINE_SECONDS:g} s"
        raise TimeoutError(message)


def _connected(addresses: list[str], port: int, end: float) -> socket.socket:
    problem = OSError("the name has no address")
    for address in addresses:
        left = min(TIMEOUT_SECONDS, end - time.monotonic())
        if left <= 0:
            break
        try:
            made = socket.create_connection((address, port), timeout=left)
            made.settimeout(TIMEOUT_SECONDS)
        except OSError as error:
            problem = error
        else:
            return made
    raise problem
