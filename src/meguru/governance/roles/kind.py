"""Roles that people declare, as a kind."""

from __future__ import annotations

import msgspec

from meguru.kernel.kinds import Kind, spec_events


class RoleSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A role: the permissions that it gives (``run:write``, ``run:*``, ``*:read``).

    One that is called like a built-in role (all but owner and guest) holds in its place.
    """

    allow: list[str]
    description: str = ""


ROLE = Kind(
    name="role",
    title=("role", "roles"),
    shared=True,
    operations=("meguru.governance.roles.operations",),
    events=(
        *spec_events(
            "role",
            RoleSpec,
            retired="A role was taken away; if a built-in one has its name, that one holds again.",
        ),
    ),
    spec=RoleSpec,
    spec_store="meguru.governance.roles.spec:STORE",
    page="/ui/access#role-{name}",
)
