"""Trusts, as a kind."""

from __future__ import annotations

import msgspec

from meguru.kernel.kinds import Kind, spec_events


class TrustSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whose signed tokens are given one of ours, and what that one may do.

    Attributes
    ----------
    issuer, audience
        Who signs them (``https://token.actions.githubusercontent.com``), and for whom they must be.
    claims
        What they must say (``repository``, ``ref``): a value, or a list of which one is enough; ``*`` stands
        for any text within one.
    role
        What a token that is given may do.
    projects
        Where; ``*`` is all of them.
    ttl
        How long it is valid.
    """

    issuer: str
    audience: str
    claims: dict[str, str | list[str]]
    role: str
    projects: list[str] = msgspec.field(default_factory=lambda: ["default"])
    ttl: str = "15m"


TRUST = Kind(
    name="trust",
    title=("trust", "trusts"),
    shared=True,
    operations=("meguru.governance.trusts.operations",),
    events=(
        *spec_events(
            "trust",
            TrustSpec,
            retired="No such token is taken any more, and those that were given for one ended.",
        ),
    ),
    spec=TrustSpec,
    spec_store="meguru.governance.trusts.spec:STORE",
    page="/ui/access#trust-{name}",
)
