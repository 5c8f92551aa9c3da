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
    said = [{"key": each.signature.key, "owner": each.owner, "why": each.why} for each in found]
    kept = [
        {"key": each.signature.key, "public": each.signature.public, "bundle": each.signature.bundle}
        for each in found
    ]
    return GatheredPart(
        files=[json_file(SIGNATURES, kept)],
        statements=[stated("signatures", [source.about_model], {"signatures": said})],
    )
