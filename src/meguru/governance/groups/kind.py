"""Groups, as a kind."""

from __future__ import annotations

import msgspec

from meguru.kernel.kinds import Kind, spec_events


class GroupSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who belongs to a group: those of `members`, and those whose sign-in has all of these `claims`.

    A claim has one value, or a list of which one is enough; of a claim that is itself a list (``groups``) one
    of its entries has to be among them.
    """

    members: list[str] = []
    claims: dict[str, str | list[str]] = {}
    description: str = ""


GROUP = Kind(
    name="group",
    title=("group", "groups"),
    shared=True,
    operations=("meguru.governance.groups.operations",),
    events=(*spec_events("group", GroupSpec, retired="A group was taken away."),),
    spec=GroupSpec,
    spec_store="meguru.governance.groups.spec:STORE",
    page="/ui/access#group-{name}",
)
