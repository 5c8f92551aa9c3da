"""Where a webhook may go: by https to public addresses, unless the server's settings say otherwise."""

from __future__ import annotations

import socket
from contextlib import suppress
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

from meguru.base.public_addresses import is_public
from meguru.base.settings import Settings
from meguru.errors import InvalidInput

MAX_URL = 2000


def check_url(url: str, settings: Settings) -> SplitResult:
    """Return the parts of an address that a webhook may have.

    A name that can't be looked up now is let in; it is looked up, and its addresses checked, for each call.

    Raises
    ------
    InvalidInput
        For another scheme than https, no host, a private address, or a name that leads to one.
    """
    if not url.strip():
        raise _wrong(f"Webhook URL cannot be empty or just whitespace: {url[:100]!r}")
    try:
        parts = urlsplit(url)
        port, host = parts.port, parts.hostname
    except ValueError as error:
        raise _wrong(f"Invalid webhook URL {url[:200]!r}: {error}") from error
    schemes = ("https", "http") if settings.webhook_private else ("https",)
    if parts.scheme not in schemes:
        hint = f"Allowed schemes are: {', '.join(schemes)}"
        raise _wrong(f"Invalid webhook URL scheme: {parts.scheme[:40]!r}", hint)
    if not host:
        raise _wrong(f"Webhook URL must include a hostname: {url[:200]!r}")
    if len(url) > MAX_URL or any(ord(letter) <= 32 or ord(letter) == 127 for letter in url) or port == 0:
        raise _wrong(f"Invalid webhook URL {url[:200]!r}", f"at most {MAX_URL} letters, and no blanks")
    if parts.username is not None:
        raise _wrong("A webhook URL has no user and no password", "use the webhook's secret")
    with suppress(OSError):  # It has no address just now: whoever calls it later looks again.
        addresses_of(host, settings)
    return parts


def addresses_of(host: str, settings: Settings) -> list[str]:
    """Return the addresses of a host, each of which may be called.

    Raises
    ------
    InvalidInput
        When one of them is not public.
    OSError
        When the name can't be looked up.
    """
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except UnicodeError as error:
        raise _wrong(f"Invalid webhook URL: {host[:100]!r} is no host name") from error
    addresses = list(dict.fromkeys(str(each[4][0]) for each in found))
    for address in addresses:
        if not settings.webhook_private and not is_public(ip_address(address.partition("%")[0])):
            raise _wrong(
                f"Webhook URL must not resolve to a non-public IP address. {host[:100]!r} is {address}",
                "MEGURU_WEBHOOK_PRIVATE=true allows it, for a server on your own machine",
            )
    return addresses


def _wrong(what: str, hint: str = "") -> InvalidInput:
    return InvalidInput(what, hint=hint, field="url")
