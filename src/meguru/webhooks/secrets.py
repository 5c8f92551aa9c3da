"""Secrets of webhooks, sealed: the database has them only as what the workspace's keys can read.

They protect a database, or its backup, that went astray without the keys; they do not protect from whoever
may read the server's own files or memory, as signing needs the secret itself.

Notes
-----
What is kept is ``2.SALT.TOKEN``: the version, a random salt from which and from the key the cipher's key is
derived (by HKDF-SHA256 from a random key, by scrypt from a phrase), and a Fernet token (AES-128-CBC and
HMAC-SHA256) of the webhook's id and the secret: one that is copied to another webhook's row opens, names
its owner, and is refused.
"""

from __future__ import annotations

import base64
import binascii
import secrets
from typing import TYPE_CHECKING

import msgspec

from meguru.errors import Conflict
from meguru.kernel.secret_keys import SALT, cipher, ensure_keys, keys_of, place_of_keys
from meguru.webhooks.legacy_cipher import open_before

if TYPE_CHECKING:
    from meguru.kernel.workspace import Workspace

VERSION = "2"


class _Sealed(msgspec.Struct, frozen=True):
    owner: str
    secret: str


def seal(ws: Workspace, owner: str, secret: str) -> str:
    """Return what is kept of a secret; the workspace gets a key if it has none.

    Raises
    ------
    UsageError
        If the workspace is on a database server, and no key is set.
    """
    key, salt = ensure_keys(ws)[0], secrets.token_bytes(SALT)
    token = cipher(key, salt).encrypt(msgspec.json.encode(_Sealed(owner, secret)))
    return f"{VERSION}.{base64.urlsafe_b64encode(salt).decode()}.{token.decode()}"


def unseal(ws: Workspace, owner: str, kept: str) -> str:
    """Return a secret from what is kept of it.

    Raises
    ------
    Conflict
        If the key is lost, or the secret was changed or belongs to another webhook.
    """
    keys = keys_of(ws)
    found = _open(keys, kept) if kept.startswith(f"{VERSION}.") else _open_before(keys, owner, kept)
    if found is None:
        here = "it was sealed with another key than those here, or changed in the database"
        here = here if keys else "it was sealed with a key, and there is no key here"
        raise Conflict(
            "the secret of a webhook can't be read",
            where=f"webhook/{owner}",
            why=f"{here} ({place_of_keys(ws)})",
            hint="bring the key back, or give it a new secret: meguru webhook update ID --secret-file -",
        )
    if found.owner != owner:
        why = "it belongs to another webhook"
        raise Conflict("the secret of a webhook can't be read", where=f"webhook/{owner}", why=why)
    return found.secret


def open_secret(ws: Workspace, owner: str, kept: tuple[str, bool]) -> str:
    """Return a secret that may be sealed; an empty one is none."""
    text, is_sealed = kept
    return unseal(ws, owner, text) if text and is_sealed else text


def is_current(ws: Workspace, kept: str) -> bool:
    """Tell whether a secret is sealed as new ones are: with the first key, in the newest way."""
    keys = keys_of(ws)
    return bool(keys) and kept.startswith(f"{VERSION}.") and _open(keys[:1], kept) is not None


def _open(keys: list[str], kept: str) -> _Sealed | None:
    from cryptography.fernet import InvalidToken, MultiFernet

    _, _, rest = kept.partition(".")
    salt, _, token = rest.partition(".")
    try:
        raw = base64.urlsafe_b64decode(salt)
        opened = MultiFernet([cipher(key, raw) for key in keys]).decrypt(token) if keys else b""
        return msgspec.json.decode(opened, type=_Sealed)
    except (binascii.Error, ValueError, InvalidToken, msgspec.MsgspecError):
        return None


def _open_before(keys: list[str], owner: str, kept: str) -> _Sealed | None:
    found = open_before(keys, owner, kept)
    return None if found is None else _Sealed(owner, found)
