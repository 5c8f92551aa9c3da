"""SQL of applies and of what files own, on an open transaction."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, delete, func, insert, select, update

from meguru.applies.schema import apply, owned_resource
from meguru.applies.types import Apply, ApplyState, OwnedThing
from meguru.base import refs
from meguru.errors import NotFound
from meguru.kernel.projects import condition


def add(tx: Connection, item: Apply) -> None:
    """Write an apply that begins."""
    tx.execute(insert(apply).values(msgspec.structs.asdict(item) | {"state": item.state.value}))


def end(tx: Connection, apply_id: str, state: ApplyState, at: datetime, reason: str) -> bool:
    """End an apply; False if it had ended."""
    here = (apply.c.id == apply_id) & (apply.c.state == ApplyState.RUNNING.value)
    values = {"state": state.value, "ended_at": at, "reason": reason}
    return tx.execute(update(apply).where(here).values(values)).rowcount == 1


def get(tx: Connection, apply_id: str) -> Apply:
    """Return an apply; NotFound if there is none."""
    row = tx.execute(select(apply).where(apply.c.id == apply_id)).first()
    if row is None:
        raise NotFound(f"there is no apply {apply_id!r}", where=f"apply/{apply_id}")
    return _apply(row)


def newest(
    tx: Connection, owner: str, *, limit: int, before: str, projects: AbstractSet[str] | None
) -> list[Apply]:
    """Return applies in some projects (None: in all), newest first; of one owner, or of all if empty."""
    query = select(apply).where(condition(apply.c.owner, projects)).order_by(apply.c.id.desc()).limit(limit)
    if owner:
        query = query.where(apply.c.owner == owner)
    if before:
        query = query.where(apply.c.id < before)
    return [_apply(row) for row in tx.execute(query)]


def running(tx: Connection, owner: str) -> list[Apply]:
    """Return the applies of a file that have not ended, oldest first."""
    here = (apply.c.owner == owner) & (apply.c.state == ApplyState.RUNNING.value)
    return [_apply(row) for row in tx.execute(select(apply).where(here).order_by(apply.c.id))]


def progress_of(tx: Connection, owner: str) -> str:
    """Return what tells whether an apply of a file did something: its newest one, and how much that owns."""
    newest_id = select(func.max(apply.c.id)).where(apply.c.owner == owner).scalar_subquery()
    row = tx.execute(select(apply.c.id, apply.c.state).where(apply.c.id == newest_id)).first()
    if row is None:
        return ""
    steps = select(func.count(), func.max(owned_resource.c.number)).where(owned_resource.c.owner == owner)
    count, number = tx.execute(steps).one()
    return f"{row.id}:{row.state}:{count}:{number}"


def owned(tx: Connection, owner: str) -> dict[str, OwnedThing]:
    """Return what a file owns, by reference."""
    rows = tx.execute(
        select(owned_resource).where(owned_resource.c.owner == owner).order_by(owned_resource.c.ref)
    )
    return {row.ref: OwnedThing(**row._mapping) for row in rows}


def owners(tx: Connection, found: Iterable[str]) -> dict[str, str]:
    """Return by reference who owns a thing; what nobody owns is left out."""
    wanted = list(found)
    named: dict[str, str] = {}
    for start in range(0, len(wanted), 500):
        query = select(owned_resource.c.ref, owned_resource.c.owner).where(
            owned_resource.c.ref.in_(wanted[start : start + 500])
        )
        named |= {row.ref: row.owner for row in tx.execute(query)}
    return named


def set_owner(tx: Connection, things: list[OwnedThing]) -> None:
    """Write whose these things are from now on."""
    _forget(tx, [thing.ref for thing in things])
    if things:
        tx.execute(insert(owned_resource), [msgspec.structs.asdict(thing) for thing in things])


def disown(tx: Connection, found: Iterable[str]) -> None:
    """Forget whose these things were: they are retired, or no file declares them."""
    _forget(tx, list(found))


def _forget(tx: Connection, found: list[str]) -> None:
    for start in range(0, len(found), 500):
        tx.execute(delete(owned_resource).where(owned_resource.c.ref.in_(found[start : start + 500])))


def _apply(row: Row[Any]) -> Apply:
    return msgspec.convert(row, Apply, from_attributes=True)


def project_of(tx: Connection, apply_id: str) -> str | None:
    """Return the project in which a file was applied; None if there is no such apply."""
    owner = tx.execute(select(apply.c.owner).where(apply.c.id == apply_id)).scalar()
    return None if owner is None else refs.project_of(owner)
