"""There is always somebody who may do everything; nobody gives more than they have."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime

from sqlalchemy import Connection

from meguru.base import refs
from meguru.errors import Conflict
from meguru.governance import access_head, store
from meguru.governance.rights import EVERYWHERE, projects_of, read_table, rights_of
from meguru.kernel.operations import Context

ALL = "*"


@contextmanager
def changing_rights(ctx: Context) -> Iterator[None]:
    """Surround a change of who may do what: it holds for the next request, on every server.

    Raises
    ------
    Conflict
        If there was a person who may do everything, and would be none after it.
    """
    # Only if there was one: a workspace begins without, as who may open its files needs no account.
    before = owners(ctx.tx, ctx.now())
    yield
    access_head.renew(ctx.tx)
    if before and not owners(ctx.tx, ctx.now()):
        raise Conflict(
            "the last owner can't be removed",
            where=f"principal/{min(before)}",
            why="nobody could give rights any more",
            hint="make another person an owner first: meguru principal role NAME owner",
        )


def owners(tx: Connection, now: datetime) -> set[str]:
    """Return the persons who may do everything everywhere."""
    table = read_table(tx)
    people = [who for who in store.list_principals(tx) if who.kind == "user" and not who.disabled]
    found = {who.name for who in people if ALL in table.permissions(who.role)}
    # Each change of rights asks twice: who is one by grants is looked up only if a grant makes anybody one.
    if any(
        ALL in table.permissions(grant.role) and EVERYWHERE in projects_of(name, grant)
        for name, grant in table.grant.items()
    ):
        found |= {who.name for who in people if ALL in rights_of(tx, who, table, now).everywhere}
    return found


def check_held(ctx: Context, permissions: Iterable[str], project: str, what: str) -> None:
    """Refuse to give what the giver has not.

    Parameters
    ----------
    ctx
        The operation that gives.
    permissions
        What is given; a pattern (``run:*``) has to be held as such.
    project
        Where; ``*`` for everywhere, empty for the default project.
    what
        What would give it, for the message.
    """
    # As it is written: who holds run:read and run:write must not give run:*, which is more once there is
    # run:delete.
    for permission in sorted(permissions):
        place = None if project == EVERYWHERE else project
        where = "everywhere" if place is None else f"in {place or refs.DEFAULT}"
        ctx.require(
            permission,
            project=place,
            why=f"{what} gives {permission!r} {where}, which {ctx.principal.name} has not",
            hint="give less, or ask an owner to",
        )
