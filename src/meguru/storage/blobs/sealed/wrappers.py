"""Keys that wrap the keys of blobs: a file, an age identity, or whatever a plug-in reaches."""

from __future__ import annotations

import base64
import hashlib
import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from meguru.base.plugins import PluginFamily
from meguru.errors import Conflict, MissingDependency, UsageError

_BYTES = 32
_NONCE = 12


class KeyWrapper(Protocol):
    """Wraps keys of 32 bytes. `id` tells which key wraps now; what others wrapped is opened, too."""

    id: str

    def wrap(self, key: bytes) -> bytes:
        """Return a key that only this can open."""
        ...

    def unwrap(self, id: str, wrapped: bytes) -> bytes:
        """Return the key that `id` wrapped.

        Raises
        ------
        Conflict
            If that key is not known here.
        """
        ...


WRAPPERS = PluginFamily(
    "blob key",
    {
        "file": "meguru.storage.blobs.sealed.wrappers:FileKeys",
        "age": "meguru.storage.blobs.sealed.wrappers:AgeKeys",
    },
)


def wrapper_of(said: str) -> KeyWrapper:
    """Return what wraps: ``file:/etc/meguru/blob.key``, ``age:/etc/meguru/identity.txt``, or a plug-in's."""
    kind, colon, rest = said.partition(":")
    if not (colon and rest):
        hint = "write file:/etc/meguru/blob.key or age:/etc/meguru/identity.txt"
        raise UsageError(f"{said[:60]!r} is no key of blobs", hint=hint)
    found: KeyWrapper = WRAPPERS.load(kind)(rest)
    return found


def lost(id: str, place: str) -> Conflict:
    """Say that a key is not here with which blobs were encrypted."""
    return Conflict(
        f"the key {id} of blobs is not here",
        where=place,
        why="what was encrypted with it can't be read without it",
        hint="bring the key back: put it into this file as another line, or at the place of the plug-in",
    )


class FileKeys:
    """Keys in a file, a line each: the first wraps, all open. AES-256-GCM, with the key's id bound to it."""

    def __init__(self, path: str) -> None:
        self.path = Path(path)
        try:
            lines = [each.strip() for each in self.path.read_text("ascii").splitlines() if each.strip()]
            keys = [base64.urlsafe_b64decode(each) for each in lines]
        except (OSError, ValueError) as error:
            hint = "bring it back from where you keep it; a new key opens nothing that is there"
            raise Conflict("the key of blobs can't be read", where=path, why=str(error), hint=hint) from error
        if not keys or any(len(each) != _BYTES for each in keys):
            raise Conflict("the key of blobs can't be read", where=path, why="a line is no key of 32 bytes")
        self._keys = {hashlib.sha256(b"meguru blob key" + each).hexdigest()[:16]: each for each in keys}
        self.id = next(iter(self._keys))

    def wrap(self, key: bytes) -> bytes:
        """Return a key that only this can open."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        nonce = os.urandom(_NONCE)
        return nonce + AESGCM(self._keys[self.id]).encrypt(nonce, key, self.id.encode())

    def unwrap(self, id: str, wrapped: bytes) -> bytes:
        """Return the key that `id` wrapped."""
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        if id not in self._keys:
            raise lost(id, str(self.path))
        with suppress(InvalidTag):
            return AESGCM(self._keys[id]).decrypt(wrapped[:_NONCE], wrapped[_NONCE:], id.encode())
        raise lost(id, str(self.path))


class AgeKeys:
    """Identities of age (X25519) in a file as ``age-keygen`` writes it: the first wraps, all open."""

    def __init__(self, path: str) -> None:
        try:
            import pyrage
        except ImportError as error:
            raise MissingDependency.of("age", "pyrage") from error
        self._age, self.path = pyrage, Path(path)
        try:
            lines = [each.strip() for each in self.path.read_text("ascii").splitlines()]
            found = [
                pyrage.x25519.Identity.from_str(each) for each in lines if each.startswith("AGE-SECRET-KEY-")
            ]
        except (OSError, ValueError, pyrage.IdentityError) as error:
            raise Conflict("the key of blobs can't be read", where=path, why=str(error)) from error
        if not found:
            raise Conflict("the key of blobs can't be read", where=path, why="it has no identity of age")
        self._identities = {str(each.to_public()): each for each in found}
        self.id = next(iter(self._identities))

    def wrap(self, key: bytes) -> bytes:
        """Return a key that only this can open."""
        made: bytes = self._age.encrypt(key, [self._identities[self.id].to_public()])
        return made

    def unwrap(self, id: str, wrapped: bytes) -> bytes:
        """Return the key that `id` wrapped."""
        if id not in self._identities:
            raise lost(id, str(self.path))
        try:
            found: bytes = self._age.decrypt(wrapped, [self._identities[id]])
        except self._age.DecryptError as error:
            raise lost(id, str(self.path)) from error
        return found


def new_key(path: Path, *, first: bool) -> None:
    """Write a new key into a file, before those that are there if it is to wrap from now on."""
    old = path.read_text("ascii") if path.exists() else ""
    made = base64.urlsafe_b64encode(secrets.token_bytes(_BYTES)).decode() + "\n"
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(made + old if first else old + made)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
