"""List grants: who has which role where."""

from __future__ import annotations

import msgspec

from meguru.base import refs
from meguru.governance.rights import EVERYWHERE, projects_of, read_table
from meguru.kernel.operations import Context, operation
from meguru.kernel.projects import in_projects


class GrantRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A grant, with the projects in which it holds; ``*`` is all."""

    name: str
    to: str
    role: str
    projects: list[str]


@operation("grant.list", permission="grant:read", query=True)
def list_grants(ctx: Context) -> list[GrantRecord]:
    """List the grants that belong to, and hold in, projects that one may see."""
    here, known = ctx.visible, ctx.readable
    found = []
    for name, spec in read_table(ctx.tx).grant.items():
        places = projects_of(name, spec)
        if in_projects(here, name) and (known is None or known.issuperset({*places} - {EVERYWHERE})):
            named = [place or refs.DEFAULT for place in places]
            found.append(GrantRecord(name=name, to=spec.to, role=spec.role, projects=named))
    return found
