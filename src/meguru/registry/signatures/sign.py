"""Sign a model version in the server's name; take a signature that somebody else made."""

from __future__ import annotations

from meguru.artifacts.trees import read_tree
from meguru.errors import Conflict, InvalidInput
from meguru.governance.signing_keys import store as keys
from meguru.governance.signing_keys.server import server_model_key
from meguru.kernel.operations import Context, operation
from meguru.registry import store as models
from meguru.registry.signatures import store
from meguru.registry.signatures.standing import fault_of, signature_standings
from meguru.registry.signatures.types import SignatureStanding, StoredModelSignature
from meguru.registry.types import ModelVersion
from meguru.signing.elliptic import EllipticPublicKey
from meguru.signing.model_bundle import sign_model


@operation("model.sign", permission="model:sign", on="ref")
def sign(ctx: Context, *, ref: str) -> StoredModelSignature:
    """Sign the files of a model version with the server's key, as OpenSSF model-signing does.

    Raises
    ------
    UnsafeModel
        If the version is not verified: the server vouches for nothing that it never looked at.
    """
    version = models.resolve_verified(ctx.tx, ref)
    key = server_model_key(ctx.ws, ctx.tx)
    files = {entry.path: entry.digest for entry in read_tree(ctx.blobs, version.tree_digest)}
    return _keep(ctx, version, sign_model(version.name, files, key), key.public)


@operation("model.add_signature", permission="model:write", on="ref")
def add_signature(ctx: Context, *, ref: str, bundle: str, public: str) -> StoredModelSignature:
    """Take a signature of a model version that was made elsewhere, with the key that it is checked with.

    It proves that whoever holds that key signed just these files; whose key it is, it does not prove.

    Raises
    ------
    InvalidInput
        If it is no signature, or not this key's, or of other files.
    Conflict
        If the key is revoked here.
    """
    version, key = models.resolve(ctx.tx, ref), EllipticPublicKey.read(public)
    if not version.tree_digest:
        raise InvalidInput(
            f"{version.ref} has no files here that a signature could be of", why=version.reason
        )
    if why := fault_of(ctx.blobs, version, bundle.encode(), key):
        raise InvalidInput(f"this is no signature of {version.ref}", why=why, field="bundle")
    key_record = keys.find(ctx.tx, key.id)
    if key_record is not None and (why := key_record.fault_at(ctx.now())):
        raise Conflict("this key signs nothing any more", where=key_record.ref, why=why)
    return _keep(ctx, version, bundle.encode(), key)


@operation("model.signatures", permission="model:read", query=True, on="ref")
def signatures(ctx: Context, *, ref: str) -> list[SignatureStanding]:
    """List the signatures of a model version, and whose they are; each is checked anew."""
    return signature_standings(ctx.tx, ctx.blobs, ref)


def _keep(ctx: Context, version: ModelVersion, bundle: bytes, key: EllipticPublicKey) -> StoredModelSignature:
    signature = StoredModelSignature(
        name=version.name,
        version=version.version,
        key=key.id,
        public=key.text,
        bundle=bundle.decode(),
        at=ctx.now(),
        by=ctx.principal.name,
    )
    store.put(ctx.tx, signature)
    key_record = keys.find(ctx.tx, key.id)
    owner = "" if key_record is None else key_record.owner or key_record.owner_kind
    data = {"key": key.id, "owner": owner, "tree": version.tree_digest}
    ctx.emit("model_version.signed", version.ref, data=data)
    return signature
