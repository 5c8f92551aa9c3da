"""Tell who asks what they may do, where, and through what."""

from __future__ import annotations

from typing import Any

import msgspec

from meguru.base import refs
from meguru.governance import store
from meguru.governance.rights import EVERYWHERE, groups_of, holdings, read_table
from meguru.kernel.operations import Context, operation
from meguru.kernel.principals import ANYBODY


class EffectiveRights(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody may do in one project (``*``: in all), by roles, each ``ROLE`` or ``ROLE via REF``."""

    project: str
    roles: list[str]
    permissions: list[str]


class WhoAmI(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks; `scope` is what the token in use covers at most, empty when it covers all."""

    name: str
    kind: str
    groups: list[str]
    rights: list[EffectiveRights]
    scope: list[str] = []
    claims: dict[str, Any] = {}


@operation("principal.whoami", permission=ANYBODY, query=True)
def whoami(ctx: Context) -> WhoAmI:
    """Tell who asks, and what they may do in each project; everybody may ask this of themselves."""
    me = ctx.principal
    principal = store.find_principal(ctx.tx, me.name)
    if principal is None:  # who may open the files of a workspace needs no row in it
        here = EffectiveRights(project=EVERYWHERE, roles=[me.kind], permissions=sorted(me.permissions))
        return WhoAmI(name=me.name, kind=me.kind, groups=[], rights=[here])
    table, now = read_table(ctx.tx), ctx.now()
    roles: dict[str, list[str]] = {}
    for holding in holdings(ctx.tx, principal, table, now):
        if table.permissions(holding.role) or holding.via:
            said = f"{holding.role} via {holding.via}" if holding.via else holding.role
            roles.setdefault(holding.project, []).append(said)
    held = {EVERYWHERE: me.permissions, **me.grants}
    return WhoAmI(
        name=me.name,
        kind=me.kind,
        groups=groups_of(ctx.tx, me.name, table, now),
        rights=[
            EffectiveRights(
                project=project or refs.DEFAULT,
                roles=roles.get(project, []),
                permissions=sorted(permissions),
            )
            for project, permissions in sorted(held.items())
            if permissions
        ],
        scope=sorted(me.scope or ()),
        claims=dict(me.claims),
    )
