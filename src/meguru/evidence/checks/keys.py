"""The keys are what they are called, and were good when they signed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from meguru.errors import InvalidInput
from meguru.evidence.checks.pack import CheckedPack, fault
from meguru.evidence.pack.read import BrokenPack
from meguru.evidence.types import KEYS, SIGNATURE, PackFault
from meguru.governance.signing_keys.types import SERVER, SigningKeyRecord
from meguru.signing.keys import PublicKey


def check(pack: CheckedPack) -> Iterator[PackFault]:
    """Tell of keys whose fingerprint is another's, and of statements that a bad key signed."""
    for record in pack.keys.values():
        try:
            public = PublicKey.read(record.public)
        except InvalidInput as error:
            yield fault(f"{KEYS}: {record.id[:16]}", f"{error.what}: {error.why}")
            continue
        if public.id != record.id:
            yield fault(f"{KEYS}: {record.id[:16]}", "this is not the fingerprint of its public key")
    signer = signer_of(pack)
    if signer[0].owner_kind != SERVER:
        yield fault(SIGNATURE, f"it is signed by {signer[0].owner}, not by a server")
    if why := signer[0].fault_at(pack.made_at):
        yield fault(SIGNATURE, why)
    for line in pack.statements:
        if line.by_server and not any(key.id == signer[0].id for key in line.signers):
            yield from _by_another(pack, line.place, line.signers[0].id)
    yield from _as_told(pack)


def _by_another(pack: CheckedPack, place: str, key: str) -> Iterator[PackFault]:
    # A checkpoint may be older than the key that the server signs with by now.
    record = pack.keys[key]
    if record.created_at > pack.made_at:
        yield fault(place, "the key that signed it was made after the pack")


def _as_told(pack: CheckedPack) -> Iterator[PackFault]:
    """Hold the list of keys against the log: a row of a table is changed more easily than an event."""
    for place, event in pack.events:
        record = pack.keys.get(str(event.get("subject", "")).removeprefix("signing_key/"))
        if record is None:
            continue
        told = event.get("data", {})
        if event.get("type") in {"signing_key.added", "signing_key.created"}:
            if (told.get("owner", ""), told.get("public")) != (record.owner, record.public):
                yield fault(place, f"{KEYS} says otherwise whose key {record.id[:16]} is")
        elif event.get("type") == "signing_key.revoked":
            since = datetime.fromisoformat(told["since"])
            if record.revoked_at is None or record.revoked_at > since:
                yield fault(place, f"{KEYS} does not say that key {record.id[:16]} is revoked since {since}")


def signer_of(pack: CheckedPack) -> tuple[SigningKeyRecord, str]:
    """Return whose key signed the manifest, and the digest of the manifest that it signed."""
    statement, signers = pack.envelope(SIGNATURE, pack.signature)
    if len(signers) != 1 or len(statement.subject) != 1:
        raise BrokenPack(SIGNATURE, "one key signs one manifest")
    return signers[0], statement.subject[0].digest.get("sha256", "")
