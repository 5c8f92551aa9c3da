"""What arrives from outside, and how listening goes."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

import msgspec

MAX_KEY = 200
MAX_KEPT_BODY = 1024 * 1024
"""So many bytes of what could not be read are kept, to be read again."""


class SourceArrival(msgspec.Struct, frozen=True, kw_only=True):
    """Something that arrived: it becomes an event of `type` with `data`, once for each `key`.

    It is known when it comes again under its key, or under one of `also`. `within` is how many seconds a key
    counts as the same: for what has no identity but its content. None: always.
    """

    key: str
    type: str
    data: dict[str, Any]
    within: float | None = None
    also: tuple[str, ...] = ()


class RawArrival(msgspec.Struct, frozen=True, kw_only=True):
    """Bytes as they came: from where (a topic, a queue, a forge), with which headers, under which key."""

    key: str
    source: str
    body: bytes
    headers: dict[str, str] = {}
    within: float | None = None


class DeadLetter(msgspec.Struct, frozen=True, kw_only=True):
    """What arrived for a trigger and could not be read: why, and the beginning of its text.

    `size` is that of all its bytes; `is_whole` tells whether all are kept, so that it can be read again.
    """

    id: str
    trigger: str
    key: str
    source: str
    at: datetime
    reason: str
    size: int
    is_whole: bool
    text: str = ""


class ListenerState(msgspec.Struct, frozen=True, kw_only=True):
    """How listening for a trigger goes: connected since when (None: it is not), and the last trouble.

    `holder` is the server that listens, as long as its lease runs. `received` counts what became events,
    `dead` what could not be read and waits for somebody.
    """

    trigger: str
    holder: str = ""
    lease_until: datetime | None = None
    connected_since: datetime | None = None
    last_error: str = ""
    last_error_at: datetime | None = None
    received: int = 0
    received_at: datetime | None = None
    dead: int = 0


def digest_of(body: bytes) -> str:
    """Return the digest of some content."""
    return f"sha256:{hashlib.sha256(body).hexdigest()}"


def short_key(key: str) -> str:
    """Return a key as it can be kept: no longer than a key may be, and of letters that can be read."""
    if len(key) <= MAX_KEY and key.isprintable():
        return key
    return digest_of(key.encode("utf-8", "surrogatepass"))
