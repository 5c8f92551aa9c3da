"""Signatures of model versions as people see them."""

from __future__ import annotations

from datetime import datetime

import msgspec

from meguru.base import refs


class StoredModelSignature(msgspec.Struct, frozen=True, kw_only=True):
    """A signature of a model version that was checked when it came: `bundle` is its file, in JSON."""

    name: str
    version: int
    key: str
    public: str
    bundle: str
    at: datetime
    by: str

    @property
    def model(self) -> str:
        """The model version that it is of."""
        return refs.make("model", self.name, self.version)


class SignatureStanding(msgspec.Struct, frozen=True, kw_only=True):
    """A signature, whose it is (``server``, ``principal/NAME``, or empty for a key that nobody here has).

    `why` says what is wrong with it now, such as that its key was revoked; empty if nothing is. `key_digest`
    is another as soon as the key is revoked.
    """

    signature: StoredModelSignature
    owner: str
    why: str = ""
    key_digest: str = ""
