"""Grants, as a kind."""

from __future__ import annotations

import msgspec

from meguru.kernel.kinds import Kind, spec_events


class GrantSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who gets which role: `to` is ``group/NAME`` or ``principal/NAME`` (a bare name is a principal's).

    It holds in the project of the grant's own name (``risk/reviewers``: in risk), or in `projects`; ``*`` is
    all of them.
    """

    to: str
    role: str
    projects: list[str] = []


GRANT = Kind(
    name="grant",
    title=("grant", "grants"),
    operations=("meguru.governance.grants.operations",),
    events=(*spec_events("grant", GrantSpec, retired="A role was taken away."),),
    spec=GrantSpec,
    spec_store="meguru.governance.grants.spec:STORE",
    page="/ui/access#grant-{name}",
)
