"""SQL of incidents; every function takes an open transaction."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, delete, func, insert, select

from meguru.alerts.incidents.schema import incident, incident_note
from meguru.alerts.incidents.types import Incident, IncidentNote, IncidentState
from meguru.base import refs
from meguru.errors import NotFound

_OPEN = incident.c.state == IncidentState.OPEN.value


def save(tx: Connection, item: Incident) -> None:
    """Write an incident over what it was before."""
    tx.execute(delete(incident).where(incident.c.id == item.id))
    tx.execute(insert(incident).values(**msgspec.to_builtins(item, builtin_types=(datetime,))))


def one(tx: Connection, ref: str, *, lock: bool = False) -> Incident:
    """Return an incident by its id or reference; `lock` it till the transaction ends."""
    wanted = refs.parse(ref, kind="incident").name
    query = select(incident).where(incident.c.id == wanted)
    row = tx.execute(query.with_for_update() if lock else query).first()
    if row is None:
        recent = select(incident.c.id).order_by(incident.c.opened_at.desc()).limit(100)
        known = list(tx.execute(recent).scalars())
        raise NotFound.of("incident", wanted, known, hint="meguru incident list")
    return _from_row(row)


def project_of(tx: Connection, id: str) -> str | None:
    """Return the project of an incident; None if there is none."""
    found: str | None = tx.execute(select(incident.c.project).where(incident.c.id == id)).scalar()
    return found


def open_about(tx: Connection, about: str) -> Incident | None:
    """Return the open incident about a thing; None if there is none."""
    row = tx.execute(select(incident).where(incident.c.about == about, _OPEN)).first()
    return None if row is None else _from_row(row)


def of_alert(tx: Connection, alert: str) -> Incident | None:
    """Return the newest incident that an alert began; None if it began none."""
    query = select(incident).where(incident.c.alert == alert).order_by(incident.c.id.desc())
    row = tx.execute(query.limit(1)).first()
    return None if row is None else _from_row(row)


def page(
    tx: Connection, *, state: str, before: str, limit: int, projects: AbstractSet[str] | None
) -> list[Incident]:
    """Return incidents of some projects (None: of all), the newest first."""
    query = select(incident)
    if state:
        query = query.where(incident.c.state == state)
    if before:
        query = query.where(incident.c.id < before)
    if projects is not None:
        query = query.where(incident.c.project.in_(sorted(projects)))
    return [_from_row(row) for row in tx.execute(query.order_by(incident.c.id.desc()).limit(limit))]


def add_note(tx: Connection, incident_id: str, note: IncidentNote) -> None:
    """Write a note."""
    mine = incident_note.c.incident == incident_id
    number = (tx.execute(select(func.max(incident_note.c.number)).where(mine)).scalar() or 0) + 1
    values = msgspec.structs.asdict(note) | {"incident": incident_id, "number": number}
    tx.execute(insert(incident_note).values(**values))


def notes(tx: Connection, incident_id: str, limit: int = 1000) -> list[IncidentNote]:
    """Return the notes to an incident, the oldest first."""
    query = select(incident_note).where(incident_note.c.incident == incident_id)
    rows = tx.execute(query.order_by(incident_note.c.number).limit(limit))
    return [_convert(row, IncidentNote) for row in rows]


def _from_row(row: Any) -> Incident:
    made: Incident = _convert(row, Incident)
    return made


def _convert(row: Any, kind: Any) -> Any:
    return msgspec.convert({str(name): value for name, value in row._mapping.items()}, kind)
