"""Signing keys as people see them; secrets are not among the fields."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

SERVER = "server"
"""The kind of owner that the server itself is; it has no name of its own."""
Algorithm = Literal["ed25519", "p256"]
ED25519: Algorithm = "ed25519"
P256: Algorithm = "p256"
"""Ed25519 signs statements; ECDSA on P-256 signs models, as OpenSSF model-signing reads no other kind."""


class SigningKeyRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A public key, whose it is, and when it was good.

    `owner_kind` is ``server``, ``service``, or what a person is: ``user``, or ``owner`` of files.
    A retired key signs no more, and what it signed stays good; one that was revoked is good for nothing that
    was signed at `revoked_at` or later.
    """

    id: str
    owner: str
    owner_kind: str
    algorithm: str
    public: str
    note: str = ""
    created_at: datetime
    retired_at: datetime | None = None
    revoked_at: datetime | None = None
    revoked_by: str = ""
    reason: str = ""

    @property
    def ref(self) -> str:
        """The reference of this key."""
        return f"signing_key/{self.id}"

    @property
    def is_person(self) -> bool:
        """Whether a person holds it: neither a service nor the server."""
        return self.owner_kind in {"user", "owner"}

    def fault_at(self, when: datetime) -> str:
        """Return why what it signed at a moment is not good; empty if it is."""
        if when < self.created_at:
            return f"the key is known since {self.created_at:%Y-%m-%d %H:%M:%S} only, which is later"
        if self.revoked_at is not None and when >= self.revoked_at:
            return f"the key is revoked since {self.revoked_at:%Y-%m-%d %H:%M:%S}: {self.reason}"
        if self.retired_at is not None and when > self.retired_at:
            return f"the key is retired since {self.retired_at:%Y-%m-%d %H:%M:%S}"
        return ""


class KeyStanding(msgspec.Struct, frozen=True, kw_only=True):
    """Whether what a key signed at a moment is good; `why` says what is wrong, empty if nothing is."""

    key: SigningKeyRecord
    when: datetime
    why: str = ""
