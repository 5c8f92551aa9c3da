"""A run belongs to who started it: others need a right to write to it, end it or delete it."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, select

from meguru.base import refs
from meguru.errors import Forbidden
from meguru.kernel.principals import Principal
from meguru.storage.db import rowwise
from meguru.tracking.schema import run as table
from meguru.tracking.schema import run_artifact

ADMIN = "run:admin"


def may_write(principal: Principal, owner: str, project: str | None = None) -> bool:
    """Tell whether a principal may change the runs of an owner in a project (None: in every one)."""
    return principal.name == owner or principal.allows(ADMIN, project)


def check_writer(principal: Principal, owner: str, run: str, *, project: str | None = None) -> None:
    """Refuse whoever may not change a run of this owner; `project` is that of the run, where it is known.

    Raises
    ------
    Forbidden
        Naming the owner and the missing right.
    """
    if may_write(principal, owner, project):
        return
    error = Forbidden(
        f"{principal.name} may not change run {run[:80]}",
        where=refs.make("run", run[:80]),
        why=f"it belongs to {owner}, and the permission {ADMIN!r} is missing",
        hint="start a run of your own, or ask its owner or an engineer",
    )
    error.lacks = ADMIN
    raise error


def owner_of(tx: Connection, run: str) -> str:
    """Return who started a run; empty when there is no such run."""
    found = rowwise.first(tx, table, {"id": run}, ("created_by",))
    return str(found["created_by"]) if found else ""


def made_in(tx: Connection, principal: Principal, ref: str, files: Collection[str]) -> bool:
    """Tell whether something was made in a run: while it ran, by who may write to it; or of its own files.

    Parameters
    ----------
    tx
        The open transaction.
    principal
        Who registers the thing.
    ref
        The run's reference; what is no tracked run never proves anything here.
    files
        The digests of the thing's files.
    """
    parsed = refs.parse(ref)
    if parsed.kind != "run":
        return False
    wanted = select(table.c.created_by, table.c.state, table.c.experiment)
    row = tx.execute(wanted.where(table.c.id == parsed.name)).first()
    if row is None:
        return False
    if row.state == "running" and may_write(principal, row.created_by, refs.project_of(row.experiment)):
        return True
    mine = select(run_artifact.c.digest).where(run_artifact.c.run == parsed.name)
    return bool(files) and set(files) <= set(tx.execute(mine).scalars())
