"""Roles that people declare, as a kind."""

from __future__ import annotations

from typing import Any

import msgspec

from meguru.kernel.kinds import Kind, Payload, Tone, event_type


class RoleSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A role: the permissions that it gives (``run:write``, ``run:*``, ``*:read``).

    One that is called like a built-in role (all but owner and guest) holds in its place.
    """

    allow: list[str]
    description: str = ""


@event_type("role.created", label="role made", sentence="{subject} was declared")
class RoleCreated(Payload, frozen=True):
    """A role was declared, with this spec."""

    allow: list[str]
    description: str


@event_type("role.updated", label="role changed", sentence="the declaration of {subject} was changed")
class RoleUpdated(Payload, frozen=True):
    """Fields of a role's spec changed: ``{field: {before, after}}``; whoever has it may do so at once."""

    changes: dict[str, Any]


@event_type("role.retired", label="role retired", sentence="{subject} was retired", tone=Tone.ODD)
class RoleRetired(Payload, frozen=True):
    """A role was taken away; if a built-in one has its name, that one holds again."""


ROLE = Kind(
    name="role",
    title=("role", "roles"),
    shared=True,
    operations=("meguru.governance.roles.operations",),
    events=(RoleCreated, RoleUpdated, RoleRetired),
    spec=RoleSpec,
    spec_store="meguru.governance.roles.spec:STORE",
    page="/ui/access#role-{name}",
)
