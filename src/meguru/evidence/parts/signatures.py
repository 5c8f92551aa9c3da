"""Who signed the model's files: the signatures as OpenSSF model-signing reads them."""

from __future__ import annotations

from meguru.evidence.parts.source import GatheredPart, PackSource, json_file, stated
from meguru.evidence.types import SIGNATURES
from meguru.registry.signatures.standing import signature_standings


def gather(source: PackSource) -> GatheredPart:
    """Return the signatures with the keys that they are checked with; nothing if nobody signed."""
    found = signature_standings(source.ctx.tx, source.ctx.blobs, source.model.ref)
    if not found:
        return GatheredPart()
    said = [
        {
            "key": signature_standing.signature.key,
            "owner": signature_standing.owner,
            "why": signature_standing.why,
        }
        for signature_standing in found
    ]
    kept = [
        {
            "key": signature_standing.signature.key,
            "public": signature_standing.signature.public,
            "bundle": signature_standing.signature.bundle,
        }
        for signature_standing in found
    ]
    return GatheredPart(
        files=[json_file(SIGNATURES, kept)],
        statements=[stated("signatures", [source.about_model], {"signatures": said})],
    )
