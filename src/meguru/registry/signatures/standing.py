"""Whose a signature is, and whether it is good: of these files, by a key that is not revoked."""

from __future__ import annotations

from sqlalchemy import Connection

from meguru.artifacts.trees import read_tree
from meguru.base import digests
from meguru.errors import InvalidInput
from meguru.governance.signing_keys import store as keys
from meguru.governance.signing_keys.standing import key_at
from meguru.governance.signing_keys.types import SERVER
from meguru.registry import store as models
from meguru.registry.signatures import store
from meguru.registry.signatures.types import SignatureStanding, StoredModelSignature
from meguru.registry.types import ModelVersion
from meguru.signing.elliptic import EllipticPublicKey
from meguru.signing.model_bundle import read_signature
from meguru.storage.blobs import BlobStore


def signature_standings(tx: Connection, blobs: BlobStore, model: str) -> list[SignatureStanding]:
    """Return the signatures of a model version, each checked against its files anew."""
    version = models.resolve(tx, model)
    return [
        _standing(tx, blobs, version, signature)
        for signature in store.of_version(tx, version.name, version.version)
    ]


def _standing(
    tx: Connection, blobs: BlobStore, version: ModelVersion, signature: StoredModelSignature
) -> SignatureStanding:
    key_standing = key_at(tx, signature.key, signature.at)
    try:
        why = fault_of(blobs, version, signature.bundle.encode(), EllipticPublicKey.read(signature.public))
    except InvalidInput as error:  # the row was changed in the database
        why = f"{error.what}: {error.why}"
    owner = ""
    if key_standing is not None:
        owner = SERVER if key_standing.key.owner_kind == SERVER else f"principal/{key_standing.key.owner}"
    revoked = key_standing.key.revoked_at if key_standing else None
    if not why and key_standing is not None:
        # What it signed before its revocation is not asked for again either: a model can be signed anew.
        why = key_standing.why or (
            "" if revoked is None else f"the key is revoked: {key_standing.key.reason}"
        )
    return SignatureStanding(
        signature=signature, owner=owner, why=why, key_digest=key_digest(tx, signature.key)
    )


def key_digest(tx: Connection, key: str) -> str:
    """Return the digest of what counts of a key that a gate asked for: another once it is revoked."""
    key_record = keys.find(tx, key)
    revoked = key_record.revoked_at if key_record else None
    return digests.of_value({"key": key, "revoked": revoked})


def fault_of(blobs: BlobStore, version: ModelVersion, bundle: bytes, key: EllipticPublicKey) -> str:
    """Return why a bundle is not this key's signature of a version's files; empty if it is."""
    entries = {entry.path: entry.digest for entry in read_tree(blobs, version.tree_digest)}
    return read_signature(bundle).check(key, entries, lambda path: blobs.path(entries[path]))
