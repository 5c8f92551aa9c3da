"""SQL of projects, on an open transaction."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from meguru.base import refs
from meguru.errors import NotFound
from meguru.kernel.project import is_present
from meguru.kernel.projects.schema import project, project_member
from meguru.storage.db.raw import on_transaction

_PRESENT = project.c.retired_at.is_(None)
_is_present = on_transaction(is_present)


def find(tx: Connection, name: str) -> Mapping[str, Any] | None:
    """Return a project's row; None if there is none of this name, or it was retired."""
    row = tx.execute(select(project).where(project.c.name == name, _PRESENT)).first()
    return None if row is None else row._asdict()


def page(tx: Connection, names: AbstractSet[str] | None) -> list[Mapping[str, Any]]:
    """Return the projects among `names` (None: all), by name; the default one has no row."""
    query = select(project).where(_PRESENT).order_by(project.c.name)
    if names is not None:
        query = query.where(project.c.name.in_(names))
    return [row._asdict() for row in tx.execute(query)]


def check_project(tx: Connection, name: str, *, among: AbstractSet[str] | None = None) -> None:
    """Raise NotFound, with names that look like it, unless there is a project of this name.

    Given the projects that somebody knows of (None: all), the others are not there for them.
    """
    plain = "" if name == refs.DEFAULT else name
    if (among is None or plain in among) and _is_present(tx, plain):
        return
    known = [each["name"] for each in page(tx, among)]
    raise NotFound.of("project", name, known, hint="" if known else "make one: meguru project create NAME")


def was_declared(tx: Connection, name: str) -> bool:
    """Tell whether there is a project of this name (empty: any), or was one that is retired."""
    query = select(project.c.name).limit(1)
    return tx.execute(query.where(project.c.name == name) if name else query).first() is not None


def declare(tx: Connection, name: str, description: str, *, at: datetime, by: str) -> None:
    """Write a project: over the present one, over a retired one, or a new one."""
    here = project.c.name == name
    values = {"description": description, "retired_at": None}
    if tx.execute(update(project).where(here).values(**values)).rowcount == 0:
        tx.execute(insert(project).values(**values, name=name, created_at=at, created_by=by))


def take_out(tx: Connection, name: str, at: datetime) -> None:
    """Mark a project as retired."""
    tx.execute(update(project).where(project.c.name == name).values(retired_at=at))


def set_member(tx: Connection, name: str, principal: str, role: str | None, at: datetime) -> None:
    """Give a principal a role in a project, in place of the one it had there; None takes it away."""
    here = (project_member.c.project == name) & (project_member.c.principal == principal)
    tx.execute(delete(project_member).where(here))
    if role is not None:
        tx.execute(insert(project_member).values(project=name, principal=principal, role=role, since=at))


def forget_member(tx: Connection, principal: str) -> None:
    """Take a principal's roles in all projects away."""
    tx.execute(delete(project_member).where(project_member.c.principal == principal))


def members(tx: Connection, name: str) -> list[Mapping[str, Any]]:
    """Return who has a role in a project, by name."""
    query = select(project_member).where(project_member.c.project == name)
    return [row._asdict() for row in tx.execute(query.order_by(project_member.c.principal))]


def roles_of(tx: Connection, principal: str) -> dict[str, str]:
    """Return a principal's role in each project where it has one."""
    query = select(project_member.c.project, project_member.c.role)
    return {row.project: row.role for row in tx.execute(query.where(project_member.c.principal == principal))}
