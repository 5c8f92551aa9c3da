"""What people decided about the release, as they signed it, and what its policies asked of them."""

from __future__ import annotations

from typing import Any

import msgspec

from meguru.evidence.parts.source import GatheredPart, PackSource, stated
from meguru.governance.release_policies.store import applicable_policies
from meguru.releases.review.standing import standing_of
from meguru.releases.review.types import JudgedDecision, PolicyStanding
from meguru.signing.dsse import SignedEnvelope

_DECISION = (
    "id", "decision", "state", "why", "principal", "person", "rights", "at", "digest", "key", "own_key",
    "door", "event", "withdrawn_at",
)  # fmt: skip


def gather(source: PackSource) -> GatheredPart:
    """Return each decision in its envelope, and what stands of the review; nothing if nobody was asked."""
    found = standing_of(source.ctx.tx, source.release, source.at)
    if found.requested_at is None and not found.decisions and not found.policies:
        return GatheredPart()
    about = [source.about_release]
    said = {
        "requested_at": found.requested_at,
        "requested_by": found.requested_by,
        "policies": [_policy(source, each) for each in found.policies],
        "decisions": [{name: getattr(each, name) for name in _DECISION} for each in found.decisions],
        "authors": found.authors,
        "lacks": found.lacks,
        "broken_glass": found.glass,
    }
    return GatheredPart(
        statements=[stated("review", about, msgspec.to_builtins(said))],
        signed=[_envelope(each) for each in found.decisions],
        keys=[each.key for each in found.decisions if each.key],
    )


def _policy(source: PackSource, found: PolicyStanding) -> dict[str, Any]:
    asked = next(
        (
            each
            for each in applicable_policies(source.ctx.tx, source.release.endpoint)
            if each.ref == found.policy
        ),
        None,
    )
    said: dict[str, Any] = msgspec.to_builtins(found)
    return said | {"asks": msgspec.to_builtins(asked.spec) if asked else {}}


def _envelope(item: JudgedDecision) -> SignedEnvelope:
    """Return the envelope with the signature that counted; others on it are nobody's here."""
    found = msgspec.convert(item.envelope, SignedEnvelope)
    counted = [each for each in found.signatures if each.keyid == item.key]
    return msgspec.structs.replace(found, signatures=counted or found.signatures)
