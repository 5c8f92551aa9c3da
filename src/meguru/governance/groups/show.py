"""List groups with those who belong to each."""

from __future__ import annotations

import msgspec

from meguru.governance import store
from meguru.governance.rights import members_of, read_table
from meguru.kernel.operations import Context, operation


class GroupRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A group as declared, and who belongs to it now, by name or by what their sign-in said."""

    name: str
    members: list[str]
    claims: dict[str, str | list[str]]
    description: str
    present: list[str]


@operation("group.list", permission="group:read", query=True)
def list_groups(ctx: Context) -> list[GroupRecord]:
    """List the groups, with those who belong to each."""
    table, now = read_table(ctx.tx), ctx.now()
    names = [who.name for who in store.list_principals(ctx.tx)] if table.group else []
    present = members_of(ctx.tx, names, table, now)
    return [
        GroupRecord(name=name, present=present[name], **msgspec.structs.asdict(spec))
        for name, spec in table.group.items()
    ]
