"""Ask an OpenID provider over HTTP: bounded in size and time, no redirects, TLS beyond this machine."""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import msgspec

from meguru.errors import Busy, InvalidInput, Unauthenticated

MAX_BYTES = 1 << 20
SECONDS = 10.0
TOTAL_SECONDS = 30.0
"""For a whole answer: one that drips would pass each single wait, and hold up all who sign in meanwhile."""


def check_url(url: str, field: str) -> str:
    """Return a URL that may be asked: ``https``, or ``http`` on this machine.

    Raises
    ------
    InvalidInput
        If it is none, has a password in it, or would be asked in clear over a network.
    """
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        parts.port  # noqa: B018 - a port that is no number is told here
    except ValueError as error:
        raise InvalidInput(f"{url[:200]!r} is no URL", field=field, why=str(error)) from error
    if (
        not host
        or parts.scheme not in {"https", "http"}
        or parts.username
        or parts.password
        or parts.fragment
    ):
        raise InvalidInput(f"{url[:200]!r} can't be a provider's URL", field=field, hint="https://HOST/PATH")
    if parts.scheme == "http" and not _is_here(host):
        why = "what it signs could be changed on the way"
        raise InvalidInput(f"{url[:200]!r} must begin with https://", field=field, why=why)
    return url


def get_json(url: str, *, bearer: str = "") -> dict[str, Any]:
    """Return the JSON object at a URL."""
    headers = {"Accept": "application/json"}
    if bearer:
        headers["Authorization"] = f"Bearer {bearer}"
    return _object("GET", url, headers, b"")


def post_form(url: str, headers: Mapping[str, str], body: str) -> dict[str, Any]:
    """Send a form; return the JSON object that answers it, also where it tells of an error."""
    return _object("POST", url, dict(headers), body.encode())


def _object(method: str, url: str, headers: dict[str, str], body: bytes) -> dict[str, Any]:
    import httpx2

    check_url(url, "url")
    place, end = urlsplit(url).netloc, time.monotonic() + TOTAL_SECONDS
    try:
        with (
            # No redirects: the address was checked, and where it leads to was not.
            httpx2.Client(timeout=SECONDS, follow_redirects=False) as client,
            client.stream(method, url, headers=headers, content=body or None) as answer,
        ):
            content = b""
            for chunk in answer.iter_bytes():
                content += chunk
                if time.monotonic() > end:
                    raise Busy(
                        f"{place} can't be asked", why=f"its answer took over {TOTAL_SECONDS:g} seconds"
                    )
                if len(content) > MAX_BYTES:
                    raise Unauthenticated(f"{place} answered too much", why=f"more than {MAX_BYTES:,} bytes")
    except httpx2.HTTPError as error:
        raise Busy(
            f"{place} can't be asked", why=type(error).__name__, hint="try again in a moment"
        ) from error
    try:
        found: dict[str, Any] = msgspec.json.decode(content, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        why = f"it answered {answer.status_code}, and no JSON object"
        raise Unauthenticated(f"{place} is not understood", why=why) from error
    if answer.status_code >= 400 and "error" not in found:
        raise Unauthenticated(f"{place} refused", why=f"it answered {answer.status_code}")
    return found


def _is_here(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
