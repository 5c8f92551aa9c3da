"""Trusts, as a kind."""

from __future__ import annotations

from typing import Any

import msgspec

from meguru.kernel.kinds import Kind, Payload, Tone, event_type


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


@event_type("trust.created", label="trust made", sentence="{subject} was declared")
class TrustCreated(Payload, frozen=True):
    """Tokens that this issuer signs are taken from now on, if they say what is asked for."""

    issuer: str
    audience: str
    claims: dict[str, Any]
    role: str
    projects: list[str]
    ttl: str


@event_type("trust.updated", label="trust changed", sentence="the declaration of {subject} was changed")
class TrustUpdated(Payload, frozen=True):
    """Fields of a trust's spec changed: ``{field: {before, after}}``."""

    changes: dict[str, Any]


@event_type("trust.retired", label="trust retired", sentence="{subject} was retired", tone=Tone.ODD)
class TrustRetired(Payload, frozen=True):
    """No such token is taken any more, and those that were given for one ended."""


TRUST = Kind(
    name="trust",
    title=("trust", "trusts"),
    shared=True,
    operations=("meguru.governance.trusts.operations",),
    events=(TrustCreated, TrustUpdated, TrustRetired),
    spec=TrustSpec,
    spec_store="meguru.governance.trusts.spec:STORE",
    page="/ui/access#trust-{name}",
)
