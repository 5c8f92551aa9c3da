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
    review_standing = standing_of(source.ctx.tx, source.release, source.at)
    if (
        review_standing.requested_at is None
        and not review_standing.decisions
        and not review_standing.policies
    ):
        return GatheredPart()
    about = [source.about_release]
    said = {
        "requested_at": review_standing.requested_at,
        "requested_by": review_standing.requested_by,
        "policies": [_policy(source, policy) for policy in review_standing.policies],
        "decisions": [
            {name: getattr(decision, name) for name in _DECISION} for decision in review_standing.decisions
        ],
        "authors": review_standing.authors,
        "lacks": review_standing.lacks,
        "broken_glass": review_standing.glass,
    }
    return GatheredPart(
        statements=[stated("review", about, msgspec.to_builtins(said))],
        signed=[_envelope(decision) for decision in review_standing.decisions],
        keys=[decision.key for decision in review_standing.decisions if decision.key],
    )


def _policy(source: PackSource, found: PolicyStanding) -> dict[str, Any]:
    policy = next(
        (
            release_policy
            for release_policy in applicable_policies(source.ctx.tx, source.release.endpoint)
            if release_policy.ref == found.policy
        ),
        None,
    )
    said: dict[str, Any] = msgspec.to_builtins(found)
    return said | {"asks": msgspec.to_builtins(policy.spec) if policy else {}}


def _envelope(item: JudgedDecision) -> SignedEnvelope:
    """Return the envelope with the signature that counted; others on it are nobody's here."""
    envelope = msgspec.convert(item.envelope, SignedEnvelope)
    counted = [signature for signature in envelope.signatures if signature.keyid == item.key]
    return msgspec.structs.replace(envelope, signatures=counted or envelope.signatures)
