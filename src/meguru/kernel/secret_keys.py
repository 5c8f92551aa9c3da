"""The keys that secrets are sealed with: the setting ``secret_key``, or the file ``secret.key``.

There may be several: the first one seals, all open. So a key is changed without a moment in which a secret
can't be read: put the new one first, and take the old one away when everything is sealed anew.
"""

from __future__ import annotations

import base64
import binascii
import os
import secrets
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from meguru.errors import Conflict, UsageError
from meguru.storage.blobs.local import fsync_path

if TYPE_CHECKING:
    from cryptography.fernet import Fernet

    from meguru.kernel.workspace import Workspace

FILE = "secret.key"
MIN_LENGTH = 20
"""A key that is set has at least so many characters."""
SALT = 16
_RANDOM = 32
_INFO = b"meguru webhook secrets 2"
_COST, _BLOCK = 2**15, 8
"""Of scrypt, as its author advises for what is waited for: some 60 ms and 32 MB a guess."""


def keys_of(ws: Workspace) -> list[str]:
    """Return the workspace's keys, the one that seals first; none when it has none yet.

    Raises
    ------
    UsageError
        If a key that is set is too short.
    Conflict
        If the file can't be read, or is cut off.
    """
    said = ws.settings.secret_key
    if said:
        return _parse_setting(said)
    if ws.root is None:
        return []
    path = ws.root / FILE
    try:
        found = [line.strip() for line in path.read_text("ascii").splitlines() if line.strip()]
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError) as error:
        raise Conflict("the key of secrets can't be read", where=str(path), why=str(error)) from error
    if not found or any(len(each) < MIN_LENGTH for each in found):
        why = "it is empty or cut off"
        raise Conflict("the key of secrets can't be read", where=str(path), why=why, hint="bring it back")
    return found


def ensure_keys(ws: Workspace) -> list[str]:
    """Return the workspace's keys, and make one if it has none.

    Raises
    ------
    UsageError
        If the workspace is on a database server, and no key is set.
    """
    if found := keys_of(ws):
        return found
    if ws.root is None:
        raise UsageError(
            "a secret can't be kept here",
            why="the workspace is on a database server, and there is no key to seal it with",
            where="MEGURU_SECRET_KEY",
            hint="set MEGURU_SECRET_KEY to the same long random text on each server: openssl rand -base64 32",
        )
    _write_key(ws.root / FILE)
    return keys_of(ws)


def place_of_keys(ws: Workspace) -> str:
    """Return where the keys stand, for people."""
    return "MEGURU_SECRET_KEY" if ws.settings.secret_key or ws.root is None else str(ws.root / FILE)


@lru_cache(maxsize=256)
def cipher(key: str, salt: bytes) -> Fernet:
    """Return what seals and opens with a key; deriving it from a phrase takes long, so it is remembered."""
    from cryptography.fernet import Fernet
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF
    from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

    if (random := _random_bytes(key)) is not None:
        derived = HKDF(algorithm=SHA256(), length=32, salt=salt, info=_INFO).derive(random)
    else:
        # A phrase that somebody thought of: each guess has to be dear.
        derived = Scrypt(salt=salt, length=32, n=_COST, r=_BLOCK, p=1).derive(key.encode())
    return Fernet(base64.urlsafe_b64encode(derived))


def _parse_setting(text: str) -> list[str]:
    parts = [part.strip() for part in text.split(",")]
    if len(parts) > 1 and all(len(part) >= MIN_LENGTH for part in parts):
        # A phrase may have commas itself, and may have sealed before there could be several keys.
        return [*parts, text]
    if len(text) < MIN_LENGTH:
        why = f"it has {len(text)} characters; at least {MIN_LENGTH} are wanted"
        raise UsageError("the secret key is too short", where="MEGURU_SECRET_KEY", why=why)
    return [text]


def _random_bytes(key: str) -> bytes | None:
    """Return the 32 bytes that a key spells as ``openssl rand -base64 32`` does; None if it does not."""
    plain = key.replace("-", "+").replace("_", "/").rstrip("=")
    with suppress(binascii.Error, ValueError):
        found = base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
        return found if len(found) == _RANDOM else None
    return None


def _write_key(path: Path) -> None:
    """Write a key, whole or not at all, and never over the one that another process wrote just now."""
    draft = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    try:
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_urlsafe(_RANDOM) + "\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            # A link, not a rename: it fails where the file is there, which a rename would write over.
            with suppress(FileExistsError):
                os.link(draft, path)
        finally:
            draft.unlink()
        # Before anything is sealed with it: a secret whose key a power cut took can't be opened any more.
        fsync_path(path.parent)
    except OSError as error:
        raise Conflict("the key of secrets can't be written", where=str(path), why=str(error)) from error
