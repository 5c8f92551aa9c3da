"""Keys that wrap the keys of blobs: a file, an age identity, or whatever a plug-in reaches."""

from __future__ import annotations

import base64
import hashlib
import os
import secrets
from pathlib import Path
from typing import Any, Protocol

from meguru.base.plugins import PluginFamily
from meguru.errors import Conflict, MissingDependency, UsageError
from meguru.storage.blobs.local import fsync_path, state_of
from meguru.storage.blobs.sealed.envelope import broken

_BYTES = 32
_NONCE = 12


class KeyWrapper(Protocol):
    """Wraps keys of 32 bytes. `id` tells which key wraps now; what others wrapped is opened, too."""

    @property
    def id(self) -> str:
        """The key that wraps now; it may be another one later."""
        ...

    def wrap(self, key: bytes) -> bytes:
        """Return a key that only this can open."""
        ...

    def unwrap(self, id: str, wrapped: bytes) -> bytes:
        """Return the key that `id` wrapped.

        Raises
        ------
        Conflict
            If that key is not known here.
        DigestMismatch
            If it did not wrap these bytes.
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
    wrapper: KeyWrapper = WRAPPERS.load(kind)(rest)
    return wrapper


def lost(id: str, place: str) -> Conflict:
    """Say that a key is not here with which blobs were encrypted."""
    return Conflict(
        f"the key {id} of blobs is not here",
        where=place,
        why="what was encrypted with it can't be read without it",
        hint="bring the key back: put it into this file as another line, or at the place of the plug-in",
    )


class _KeyFile:
    """Keys by their id in a file: the first wraps, all open.

    The file is read again when it was changed, so that a process that runs wraps by the new key from then on:
    who takes the old one out, once no blob needs it, would else lose what it writes afterwards.
    """

    def __init__(self, path: str) -> None:
        self.path = Path(path)
        self._state: tuple[int, ...] = ()
        self._keys: dict[str, Any] = {}
        self._read()

    @property
    def id(self) -> str:
        """The key that wraps now."""
        self._read()
        return next(iter(self._keys))

    def _known(self, id: str) -> Any:
        if id not in self._keys:
            self._read()
        if id not in self._keys:
            raise lost(id, str(self.path))
        return self._keys[id]

    def _read(self) -> None:
        try:
            if (state := state_of(self.path.stat())) == self._state:
                return
            lines = [each.strip() for each in self.path.read_text("ascii").splitlines() if each.strip()]
            found = self._parsed(lines)
        except (OSError, ValueError) as error:
            where, hint = (
                str(self.path),
                "bring it back from where you keep it; a new key opens nothing that is there",
            )
            raise Conflict(
                "the key of blobs can't be read", where=where, why=str(error), hint=hint
            ) from error
        self._keys, self._state = found, state

    def _parsed(self, lines: list[str]) -> dict[str, Any]:
        raise NotImplementedError


class FileKeys(_KeyFile):
    """Keys in a file, a line each. AES-256-GCM, with the key's id bound to it."""

    def _parsed(self, lines: list[str]) -> dict[str, Any]:
        keys = [base64.urlsafe_b64decode(line) for line in lines]
        if not keys or any(len(each) != _BYTES for each in keys):
            why = "a line is no key of 32 bytes"
            raise ValueError(why)
        return {hashlib.sha256(b"meguru blob key" + each).hexdigest()[:16]: each for each in keys}

    def wrap(self, key: bytes) -> bytes:
        """Return a key that only this can open."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        id, nonce = self.id, os.urandom(_NONCE)
        return nonce + AESGCM(self._known(id)).encrypt(nonce, key, id.encode())

    def unwrap(self, id: str, wrapped: bytes) -> bytes:
        """Return the key that `id` wrapped."""
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        known = self._known(id)
        try:
            return AESGCM(known).decrypt(wrapped[:_NONCE], wrapped[_NONCE:], id.encode())
        except (InvalidTag, ValueError) as error:
            raise broken("its key") from error


class AgeKeys(_KeyFile):
    """Identities of age (X25519) in a file as ``age-keygen`` writes it."""

    def __init__(self, path: str) -> None:
        try:
            import pyrage
        except ImportError as error:
            raise MissingDependency.of("age", "pyrage") from error
        self._age = pyrage
        super().__init__(path)

    def _parsed(self, lines: list[str]) -> dict[str, Any]:
        told = [line for line in lines if line.startswith("AGE-SECRET-KEY-")]
        try:
            found = [self._age.x25519.Identity.from_str(each) for each in told]
        except self._age.IdentityError as error:
            raise ValueError(str(error)) from error
        if not found:
            why = "it has no identity of age"
            raise ValueError(why)
        return {str(each.to_public()): each for each in found}

    def wrap(self, key: bytes) -> bytes:
        """Return a key that only this can open."""
        made: bytes = self._age.encrypt(key, [self._known(self.id).to_public()])
        return made

    def unwrap(self, id: str, wrapped: bytes) -> bytes:
        """Return the key that `id` wrapped."""
        known = self._known(id)
        try:
            found: bytes = self._age.decrypt(wrapped, [known])
        except self._age.DecryptError as error:
            raise broken("its key") from error
        return found


def new_key(path: Path) -> None:
    """Write a new key into a file, before those that are there: it wraps from now on."""
    old = path.read_text("ascii") if path.exists() else ""
    made = base64.urlsafe_b64encode(secrets.token_bytes(_BYTES)).decode() + "\n"
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(made + old)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    fsync_path(path.parent)  # before any blob needs it: a power cut may leave these, and the old file
