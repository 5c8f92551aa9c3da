r"""Secrets of webhooks, sealed: the database has them only as what the workspace's key can read.

The key is the setting ``secret_key``, or the file ``secret.key`` beside an embedded workspace's database.
It protects a database, or its backup, that went astray without the key; it does not protect from whoever may
read the server's own files or memory, as signing needs the secret itself.

Notes
-----
Encrypt, then authenticate, of HMAC-SHA256 alone, so that no further library is needed. With keys
:math:`k_1 = H(K, 1), k_2 = H(K, 2)` and a random nonce :math:`n` of 16 bytes, block :math:`i` of the stream
is :math:`H(k_1, n \| i)`, and the tag is :math:`H(k_2, n \| o \| c)` over the owner :math:`o` and the sealed
text :math:`c`: a secret that is copied to another webhook's row can't be opened there.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from meguru.errors import Conflict, UsageError

if TYPE_CHECKING:
    from meguru.kernel.workspace import Workspace

FILE = "secret.key"
SHORTEST = 20
"""A key that is set has at least so many characters."""
_NONCE, _TAG, _BLOCK = 16, 32, 32


def seal(ws: Workspace, owner: str, secret: str) -> str:
    """Return what is kept of a secret; the workspace gets a key if it has none.

    Raises
    ------
    UsageError
        If the workspace is on a database server, and no key is set.
    """
    key = _key(ws) or _new_key(ws)
    nonce = secrets.token_bytes(_NONCE)
    text = _mixed(key, nonce, secret.encode())
    sealed = nonce + text + _tag(key, nonce, owner, text)
    return f"{_name(key)}.{base64.urlsafe_b64encode(sealed).decode()}"


def unseal(ws: Workspace, owner: str, kept: str) -> str:
    """Return a secret from what is kept of it.

    Raises
    ------
    Conflict
        If the key is lost, or is another one than it was sealed with.
    """
    name, _, text = kept.partition(".")
    key = _key(ws)
    if key is None or _name(key) != name:
        here = f"the key here is {_name(key)}" if key else "there is no key here"
        raise Conflict(
            "the secret of a webhook can't be read",
            where=f"webhook/{owner}",
            why=f"it was sealed with key {name[:20]}, and {here} ({_place(ws)})",
            hint="bring the key back, or give it a new secret: meguru webhook update ID --secret-file -",
        )
    try:
        sealed = base64.urlsafe_b64decode(text)
    except (binascii.Error, ValueError):
        sealed = b""
    nonce, inner, tag = sealed[:_NONCE], sealed[_NONCE:-_TAG], sealed[-_TAG:]
    if not hmac.compare_digest(tag, _tag(key, nonce, owner, inner)):
        why = "it was changed in the database, or belongs to another webhook"
        raise Conflict("the secret of a webhook can't be read", where=f"webhook/{owner}", why=why)
    return _mixed(key, nonce, inner).decode()


def open_secret(ws: Workspace, owner: str, kept: tuple[str, bool]) -> str:
    """Return a secret that may be sealed; an empty one is none."""
    text, is_sealed = kept
    return unseal(ws, owner, text) if text and is_sealed else text


def _key(ws: Workspace) -> bytes | None:
    said = ws.settings.secret_key
    if said and len(said) < SHORTEST:
        why = f"it has {len(said)} characters; at least {SHORTEST} are wanted"
        raise UsageError("the secret key is too short", where="MEGURU_SECRET_KEY", why=why)
    if said or ws.root is None:
        return hashlib.sha256(said.encode()).digest() if said else None
    path = ws.root / FILE
    try:
        text = path.read_text("ascii").strip()
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise Conflict("the key of secrets can't be read", where=str(path), why=str(error)) from error
    if len(text) < SHORTEST:
        why = "it is empty or cut off"
        raise Conflict("the key of secrets can't be read", where=str(path), why=why, hint="bring it back")
    return hashlib.sha256(text.encode()).digest()


def _new_key(ws: Workspace) -> bytes:
    if ws.root is None:
        raise UsageError(
            "a secret can't be kept here",
            why="the workspace is on a database server, and there is no key to seal it with",
            where="MEGURU_SECRET_KEY",
            hint="set MEGURU_SECRET_KEY to the same long random text on each server: openssl rand -base64 32",
        )
    _write_key(ws.root / FILE)
    key = _key(ws)
    assert key is not None  # noqa: S101 - it was written just now
    return key


def _write_key(path: Path) -> None:
    """Write a key, whole or not at all, and never over the one that another process wrote just now."""
    draft = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    try:
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_urlsafe(32) + "\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            with suppress(FileExistsError):
                os.link(draft, path)
        finally:
            draft.unlink()
    except OSError as error:
        raise Conflict("the key of secrets can't be written", where=str(path), why=str(error)) from error


def _name(key: bytes) -> str:
    return hashlib.sha256(b"name" + key).hexdigest()[:12]


def _place(ws: Workspace) -> str:
    return "MEGURU_SECRET_KEY" if ws.settings.secret_key or ws.root is None else str(ws.root / FILE)


def _mixed(key: bytes, nonce: bytes, text: bytes) -> bytes:
    inner = hmac.digest(key, b"\x01", "sha256")
    blocks = range((len(text) + _BLOCK - 1) // _BLOCK)
    stream = b"".join(hmac.digest(inner, nonce + number.to_bytes(8), "sha256") for number in blocks)
    return bytes(a ^ b for a, b in zip(text, stream, strict=False))


def _tag(key: bytes, nonce: bytes, owner: str, text: bytes) -> bytes:
    outer = hmac.digest(key, b"\x02", "sha256")
    named = owner.encode()
    return hmac.digest(outer, nonce + len(named).to_bytes(4) + named + text, "sha256")
