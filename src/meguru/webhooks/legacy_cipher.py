"""Opens secrets that were sealed before version 2, by a cipher of our own; nothing is sealed so any more.

A server seals them anew when it starts, so this is for the moment before, and goes when nobody has such a
workspace.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac

_NONCE, _TAG, _BLOCK = 16, 32, 32


def open_before(keys: list[str], owner: str, kept: str) -> str | None:
    """Return a secret from ``NAME OF THE KEY.BASE64``; None if none of the keys opens it."""
    name, _, text = kept.partition(".")
    try:
        sealed = base64.urlsafe_b64decode(text)
    except (binascii.Error, ValueError):
        return None
    nonce, inner, tag = sealed[:_NONCE], sealed[_NONCE:-_TAG], sealed[-_TAG:]
    for key in (hashlib.sha256(each.encode()).digest() for each in keys):
        is_named = hashlib.sha256(b"name" + key).hexdigest()[:12] == name
        if is_named and hmac.compare_digest(tag, _tag_of(key, nonce, owner, inner)):
            return _mixed(key, nonce, inner).decode()
    return None


def _mixed(key: bytes, nonce: bytes, text: bytes) -> bytes:
    inner = hmac.digest(key, b"\x01", "sha256")
    blocks = range((len(text) + _BLOCK - 1) // _BLOCK)
    stream = b"".join(hmac.digest(inner, nonce + number.to_bytes(8), "sha256") for number in blocks)
    return bytes(a ^ b for a, b in zip(text, stream, strict=False))


def _tag_of(key: bytes, nonce: bytes, owner: str, text: bytes) -> bytes:
    outer = hmac.digest(key, b"\x02", "sha256")
    named = owner.encode()
    return hmac.digest(outer, nonce + len(named).to_bytes(4) + named + text, "sha256")
