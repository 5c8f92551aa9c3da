"""Signing keys, as a kind."""

from __future__ import annotations

from datetime import datetime

from meguru.kernel.kinds import Kind, Payload, Service, Tone, event_type


@event_type(
    "signing_key.created", label="signing key made", sentence="the server made a new signing key, {subject}"
)
class SigningKeyCreated(Payload, frozen=True):
    """The server has a new key to sign with; `public` is what its signatures are checked with."""

    algorithm: str
    public: str


@event_type(
    "signing_key.added", label="signing key added", sentence="{owner} signs with {subject} from now on"
)
class SigningKeyAdded(Payload, frozen=True):
    """Somebody proved that they hold a key: what it signs is theirs from now on."""

    owner: str
    algorithm: str
    public: str
    note: str


@event_type(
    "signing_key.retired",
    label="signing key retired",
    sentence="the server signs with {subject} no more; what it signed stays good",
)
class SigningKeyRetired(Payload, frozen=True):
    """The server's key was followed by another."""

    why: str


@event_type(
    "signing_key.revoked",
    label="signing key revoked",
    sentence="{subject} of {owner} is good for nothing signed since {since}",
    tone=Tone.BAD,
)
class SigningKeyRevoked(Payload, frozen=True):
    """What a key signed at `since` or later counts for nothing; `why` is the reason."""

    owner: str
    since: datetime
    why: str


SIGNING_KEY = Kind(
    name="signing_key",
    title=("signing key", "signing keys"),
    named=False,
    tables=("meguru.governance.signing_keys.schema",),
    operations=("meguru.governance.signing_keys.operations",),
    events=(SigningKeyCreated, SigningKeyAdded, SigningKeyRetired, SigningKeyRevoked),
    services=(Service(name="signing keys", factory="meguru.governance.signing_keys.server:KeySealer"),),
    internal={
        "make": "whoever is first to sign in the server's name makes its key",
        "seal": "a server seals its key with the newest secret key",
    },
)
