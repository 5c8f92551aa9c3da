"""Short secrets that the database keeps sealed, each for one owner.

They protect a database, or its backup, that went astray without the workspace's keys; they do not protect
from whoever may read the server's own files or memory, as using a secret needs the secret itself.

Notes
-----
What is kept is ``2.SALT.TOKEN``: the version, a random salt from which and from the key the cipher's key is
derived (by HKDF-SHA256 from a random key, by scrypt from a phrase), and a Fernet token (AES-128-CBC and
HMAC-SHA256) of the owner and the secret: one that is copied to another's row opens, names its owner, and can
be refused.
"""

from __future__ import annotations

import base64
import binascii
import secrets
from typing import TYPE_CHECKING

import msgspec

from meguru.kernel.secret_keys import SALT, cipher, ensure_keys, keys_of

if TYPE_CHECKING:
    from meguru.kernel.workspace import Workspace

VERSION = "2"


class SealedSecret(msgspec.Struct, frozen=True):
    """A secret, and whose it is."""

    owner: str
    secret: str

    def __repr__(self) -> str:
        return f"SealedSecret(owner={self.owner!r})"


def seal(ws: Workspace, owner: str, secret: str) -> str:
    """Return what is kept of a secret; the workspace gets a key if it has none.

    Raises
    ------
    UsageError
        If the workspace is on a database server, and no key is set.
    """
    key, salt = ensure_keys(ws)[0], secrets.token_bytes(SALT)
    token = cipher(key, salt).encrypt(msgspec.json.encode(SealedSecret(owner, secret)))
    return f"{VERSION}.{base64.urlsafe_b64encode(salt).decode()}.{token.decode()}"


def opened(keys: list[str], kept: str) -> SealedSecret | None:
    """Return the secret that one of these keys opens; None if none does."""
    from cryptography.fernet import InvalidToken

    _, _, rest = kept.partition(".")
    salt, _, token = rest.partition(".")
    # Which key sealed it is not written down. One after another, as to derive a cipher from a phrase takes
    # long: as a rule the first opens it.
    for key in keys:
        try:
            found = cipher(key, base64.urlsafe_b64decode(salt)).decrypt(token)
            return msgspec.json.decode(found, type=SealedSecret)
        except (binascii.Error, ValueError, InvalidToken, msgspec.MsgspecError):
            continue
    return None


def is_current(ws: Workspace, kept: str) -> bool:
    """Tell whether a secret is sealed as new ones are: with the first key, in the newest way."""
    keys = keys_of(ws)
    return bool(keys) and kept.startswith(f"{VERSION}.") and opened(keys[:1], kept) is not None
