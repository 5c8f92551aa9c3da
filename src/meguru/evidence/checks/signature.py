"""The signature says of the manifest what the manifest says of itself."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from meguru.base import digests
from meguru.evidence.checks.pack import CheckedPack, fault
from meguru.evidence.types import MANIFEST, SIGNATURE, PackFault
from meguru.governance.signing_keys.statements import name_of


def check(pack: CheckedPack) -> Iterator[PackFault]:
    """Tell where the signed words and the manifest differ."""
    statement, _ = pack.envelope(SIGNATURE, pack.signature)
    if name_of(statement.predicate_type) != "evidence":
        yield fault(SIGNATURE, "what is signed is no manifest of a pack")
    signed = [(each.name, each.digest) for each in statement.subject]
    if signed != [(MANIFEST, {"sha256": digests.of_bytes(pack.manifest_bytes)})]:
        yield fault(MANIFEST, "it does not have the digest that was signed")
    said = {
        "release": pack.manifest.release,
        "digest": pack.manifest.digest,
        "head": msgspec.to_builtins(pack.manifest.head),
    }
    if dict(statement.predicate) != said:
        yield fault(SIGNATURE, "it is signed for another release, or another moment, than the manifest says")
