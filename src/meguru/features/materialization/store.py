"""SQL of what is online and of materializations, on an open transaction."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, delete, func, insert, select, update

from meguru.base import refs
from meguru.errors import NotFound
from meguru.features.materialization.schema import materialization, online_leftover, online_view
from meguru.features.materialization.types import Materialization, MaterializationState, OnlineState
from meguru.kernel.projects import condition

_ORDERED = ("keys", "features")
"""Kept as pairs: what JSON has under names comes back sorted by them; rows are packed in their own order."""


def online(tx: Connection, name: str, version: int) -> OnlineState | None:
    """Return what of a version of a view is online; None if nothing ever was."""
    row = tx.execute(select(online_view).where(_here(online_view, name, version))).first()
    return None if row is None else _online(row)


def all_online(tx: Connection, name: str = "") -> dict[tuple[str, int], OnlineState]:
    """Return what is online of all views, or of one, by name and version."""
    query = select(online_view).order_by(online_view.c.name, online_view.c.version)
    rows = tx.execute(query.where(online_view.c.name == name) if name else query)
    return {(row.name, row.version): _online(row) for row in rows}


def set_online(tx: Connection, state: OnlineState) -> None:
    """Write what is online of a version of a view."""
    name, version = _parts(state.view)
    values = msgspec.to_builtins(state, builtin_types=(datetime,))
    del values["view"]
    for field in _ORDERED:
        values[field] = list(values[field].items())
    # Update, else insert, without ON CONFLICT: operations that write it are one at a time.
    if tx.execute(update(online_view).where(_here(online_view, name, version)).values(values)).rowcount == 0:
        tx.execute(insert(online_view).values(values | {"name": name, "version": version}))


def forget_online(tx: Connection, name: str, version: int) -> None:
    """Write that nothing of a version of a view is online."""
    tx.execute(delete(online_view).where(_here(online_view, name, version)))


def add_leftover(tx: Connection, view: str, stored: str, now: datetime) -> None:
    """Write that the store may have rows of a version of a view under a name that is not read."""
    name, version = _parts(view)
    drop_leftover(tx, stored)
    tx.execute(insert(online_leftover).values(stored=stored, name=name, version=version, at=now))


def drop_leftover(tx: Connection, stored: str) -> None:
    """Write that rows under a name are read, or gone."""
    tx.execute(delete(online_leftover).where(online_leftover.c.stored == stored))


def leftovers(tx: Connection, name: str, version: int) -> list[str]:
    """Return the names under which the store may have rows of a version of a view that are not read."""
    query = select(online_leftover.c.stored).where(_here(online_leftover, name, version))
    return list(tx.execute(query.order_by(online_leftover.c.stored)).scalars())


def with_leftovers(tx: Connection, before: datetime) -> list[tuple[str, int]]:
    """Return the versions of views of which the store may have rows that are not read since a moment."""
    c = online_leftover.c
    rows = tx.execute(select(c.name, c.version).where(c.at < before).distinct().order_by(c.name, c.version))
    return [(row.name, row.version) for row in rows]


def add(tx: Connection, made: Materialization) -> None:
    """Write new work."""
    values = msgspec.to_builtins(made, builtin_types=(datetime,))
    del values["ref"], values["view"]
    name, version = _parts(made.view)
    values |= {"name": name, "version": version, "target": "", "due": None}
    tx.execute(insert(materialization).values(values))


def change(tx: Connection, materialization_id: str, **values: Any) -> None:
    """Write how far work is."""
    tx.execute(update(materialization).where(materialization.c.id == materialization_id).values(values))


def get(tx: Connection, text: str) -> Materialization:
    """Return work by its id or reference."""
    made_id = refs.parse(text, kind="materialization").name
    row = tx.execute(select(materialization).where(materialization.c.id == made_id)).first()
    if row is None:
        recent = select(materialization.c.id).order_by(materialization.c.id.desc()).limit(200)
        raise NotFound.of("materialization", made_id, list(tx.execute(recent).scalars()))
    return _work(row)


def target(tx: Connection, materialization_id: str) -> tuple[str, datetime | None]:
    """Return the digest of the rows that are to be online (empty: not known), and when the next is due."""
    query = select(materialization.c.target, materialization.c.due)
    row = tx.execute(query.where(materialization.c.id == materialization_id)).one()
    return row.target, row.due


def targets(tx: Connection) -> list[tuple[Materialization, str]]:
    """Return work that is under way, or left rows that were to be online, with their digest (empty: none)."""
    mine = materialization.c
    under_way = mine.state == MaterializationState.RUNNING.value
    rows = tx.execute(select(materialization).where(under_way | (mine.target != "")).order_by(mine.id))
    return [(_work(row), row.target) for row in rows]


def newest(tx: Connection, name: str, version: int) -> Materialization | None:
    """Return the newest work on a version of a view; None if there never was any."""
    query = select(materialization).where(_here(materialization, name, version))
    row = tx.execute(query.order_by(materialization.c.id.desc()).limit(1)).first()
    return None if row is None else _work(row)


def newest_of_all(tx: Connection) -> dict[tuple[str, int], Materialization]:
    """Return the newest work on each version of a view that was ever worked on, by name and version."""
    c = materialization.c
    last = select(func.max(c.id)).group_by(c.name, c.version)  # ids sort by time
    found = tx.execute(select(materialization).where(c.id.in_(last)))
    return {(row.name, row.version): _work(row) for row in found}


def running(tx: Connection, name: str, version: int) -> Materialization | None:
    """Return the work that is under way on a version of a view; None if there is none."""
    where = _here(materialization, name, version) & (
        materialization.c.state == MaterializationState.RUNNING.value
    )
    row = tx.execute(select(materialization).where(where).order_by(materialization.c.id.desc())).first()
    return None if row is None else _work(row)


def page(
    tx: Connection, *, view: str, before: str, limit: int, projects: AbstractSet[str] | None
) -> list[Materialization]:
    """Return work on views of some projects (None: all), newest first."""
    query = select(materialization).where(condition(materialization.c.name, projects))
    if view:
        query = query.where(materialization.c.name == view)
    if before:
        query = query.where(materialization.c.id < before)
    return [_work(row) for row in tx.execute(query.order_by(materialization.c.id.desc()).limit(limit))]


def project_of(tx: Connection, materialization_id: str) -> str | None:
    """Return the project of work, which is its view's; None if there is no such work."""
    query = select(materialization.c.name).where(materialization.c.id == materialization_id)
    name = tx.execute(query).scalar()
    return None if name is None else refs.project_of(name)


def _parts(view: str) -> tuple[str, int]:
    parsed = refs.parse(view, kind="feature_view")
    return parsed.name, int(str(parsed.version))


def _here(table: Any, name: str, version: int) -> Any:
    return (table.c.name == name) & (table.c.version == version)


def _online(row: Row[Any]) -> OnlineState:
    view = refs.make("feature_view", row.name, row.version)
    values = _plain(row)
    in_order = {field: dict(values[field]) for field in _ORDERED}
    return msgspec.convert({**values, **in_order, "view": view}, OnlineState)


def _work(row: Row[Any]) -> Materialization:
    made = {
        "ref": refs.make("materialization", row.id),
        "view": refs.make("feature_view", row.name, row.version),
    }
    return msgspec.convert({**_plain(row), **made}, Materialization)


def _plain(row: Row[Any]) -> dict[str, Any]:
    # SQLAlchemy's `quoted_name` is a subclass of str, which msgspec takes for no field's name.
    return {str.__str__(name): value for name, value in row._mapping.items()}
