"""Grants, as a kind."""

from __future__ import annotations

from typing import Any

import msgspec

from meguru.kernel.kinds import Kind, Payload, Tone, event_type


class GrantSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who gets which role: `to` is ``group/NAME`` or ``principal/NAME`` (a bare name is a principal's).

    It holds in the project of the grant's own name (``risk/reviewers``: in risk), or in `projects`; ``*`` is
    all of them.
    """

    to: str
    role: str
    projects: list[str] = []


@event_type("grant.created", label="role given", sentence="{subject} was declared")
class GrantCreated(Payload, frozen=True):
    """A role was given, with this spec."""

    to: str
    role: str
    projects: list[str]


@event_type("grant.updated", label="grant changed", sentence="the declaration of {subject} was changed")
class GrantUpdated(Payload, frozen=True):
    """Fields of a grant's spec changed: ``{field: {before, after}}``."""

    changes: dict[str, Any]


@event_type("grant.retired", label="grant taken away", sentence="{subject} was retired", tone=Tone.ODD)
class GrantRetired(Payload, frozen=True):
    """A role was taken away."""


GRANT = Kind(
    name="grant",
    title=("grant", "grants"),
    operations=("meguru.governance.grants.operations",),
    events=(GrantCreated, GrantUpdated, GrantRetired),
    spec=GrantSpec,
    spec_store="meguru.governance.grants.spec:STORE",
    page="/ui/access#grant-{name}",
)
