"""Groups, as a kind."""

from __future__ import annotations

from typing import Any

import msgspec

from meguru.kernel.kinds import Kind, Payload, Tone, event_type


class GroupSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who belongs to a group: those of `members`, and those whose sign-in has all of these `claims`.

    A claim has one value, or a list of which one is enough; of a claim that is itself a list (``groups``) one
    of its entries has to be among them.
    """

    members: list[str] = []
    claims: dict[str, str | list[str]] = {}
    description: str = ""


@event_type("group.created", label="group made", sentence="{subject} was declared")
class GroupCreated(Payload, frozen=True):
    """A group was declared, with this spec."""

    members: list[str]
    claims: dict[str, Any]
    description: str


@event_type("group.updated", label="group changed", sentence="the declaration of {subject} was changed")
class GroupUpdated(Payload, frozen=True):
    """Fields of a group's spec changed: ``{field: {before, after}}``."""

    changes: dict[str, Any]


@event_type("group.retired", label="group retired", sentence="{subject} was retired", tone=Tone.ODD)
class GroupRetired(Payload, frozen=True):
    """A group was taken away."""


GROUP = Kind(
    name="group",
    title=("group", "groups"),
    shared=True,
    operations=("meguru.governance.groups.operations",),
    events=(GroupCreated, GroupUpdated, GroupRetired),
    spec=GroupSpec,
    spec_store="meguru.governance.groups.spec:STORE",
    page="/ui/access#group-{name}",
)
