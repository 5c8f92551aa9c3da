"""SQL of alerts; every function takes an open transaction."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, delete, func, insert, select, update

from meguru.alerts.schema import alert, alert_cursor
from meguru.alerts.types import Alert, AlertState
from meguru.base import refs
from meguru.errors import NotFound
from meguru.kernel.kinds import Urgency
from meguru.storage.struct_rows import struct_of

_OPEN = alert.c.state != AlertState.RESOLVED.value


def save(tx: Connection, item: Alert) -> None:
    """Write an alert over what it was before."""
    values = msgspec.structs.asdict(item) | {"severity": item.severity.value, "state": item.state.value}
    tx.execute(delete(alert).where(alert.c.id == item.id))
    tx.execute(insert(alert).values(**values))


def one(tx: Connection, ref: str, *, lock: bool = False) -> Alert:
    """Return an alert by its id or reference; `lock` it till the transaction ends."""
    wanted = refs.parse(ref, kind="alert").name
    query = select(alert).where(alert.c.id == wanted)
    row = tx.execute(query.with_for_update() if lock else query).first()
    if row is None:
        recent = select(alert.c.id).order_by(alert.c.opened_at.desc()).limit(100)
        raise NotFound.of("alert", wanted, list(tx.execute(recent).scalars()), hint="meguru alert list")
    return _from_row(row)


def project_of(tx: Connection, id: str) -> str | None:
    """Return the project of an alert; None if there is none."""
    found: str | None = tx.execute(select(alert.c.project).where(alert.c.id == id)).scalar()
    return found


def newest(tx: Connection, about: str, cause: str) -> Alert | None:
    """Return the newest alert about a thing, of a cause; it may be over."""
    mine = (alert.c.about == about) & (alert.c.cause == cause)
    query = select(alert).where(mine).order_by(_OPEN.desc(), alert.c.last_at.desc())
    row = tx.execute(query.limit(1)).first()
    return None if row is None else _from_row(row)


def open_with_subject(tx: Connection, subject: str, cause: str) -> Alert | None:
    """Return the open alert whose newest event told of a subject; None if there is none."""
    mine = (alert.c.subject == subject) & (alert.c.cause == cause)
    row = tx.execute(select(alert).where(mine, _OPEN).limit(1)).first()
    return None if row is None else _from_row(row)


def open_causes(tx: Connection) -> set[str]:
    """Return the causes of which there are open alerts."""
    return set(tx.execute(select(alert.c.cause).where(_OPEN).distinct()).scalars())


def all_about(tx: Connection, about: str) -> list[Alert]:
    """Return the open alerts about a thing, of whatever cause."""
    return [_from_row(row) for row in tx.execute(select(alert).where(alert.c.about == about, _OPEN))]


def open_by_about(tx: Connection, kind: str) -> dict[str, int]:
    """Return how many alerts are open or acknowledged about each thing of a kind, such as ``monitor``."""
    here = alert.c.about.startswith(f"{kind}/", autoescape=True) & _OPEN
    counted = select(alert.c.about, func.count()).where(here).group_by(alert.c.about)
    return {row[0]: row[1] for row in tx.execute(counted)}


def opened_since(tx: Connection, cause: str, project: str, since: datetime) -> int:
    """Return how many alerts of a cause were opened in a project since a moment."""
    mine = (alert.c.cause == cause) & (alert.c.project == project) & (alert.c.opened_at >= since)
    return tx.execute(select(func.count()).select_from(alert).where(mine)).scalar() or 0


def to_unmute(tx: Connection, now: datetime) -> list[str]:
    """Return the ids of the open alerts whose muting is over."""
    query = select(alert.c.id).where(_OPEN, alert.c.muted_until.is_not(None), alert.c.muted_until <= now)
    return list(tx.execute(query.order_by(alert.c.muted_until).limit(100)).scalars())


def quiet_since(tx: Connection, about: str, before: datetime) -> list[str]:
    """Return the ids of the open alerts with an `about` that begins so, of which none came since a moment."""
    query = select(alert.c.id).where(_OPEN, alert.c.about.startswith(about, autoescape=True))
    return list(tx.execute(query.where(alert.c.last_at < before).limit(100)).scalars())


def page(
    tx: Connection,
    *,
    states: AbstractSet[AlertState],
    severities: AbstractSet[Urgency],
    before: tuple[datetime, str] | None,
    limit: int,
    projects: AbstractSet[str] | None,
) -> list[Alert]:
    """Return alerts of some projects (None: of all), the newest first."""
    query = select(alert).where(alert.c.state.in_(sorted(states)), alert.c.severity.in_(sorted(severities)))
    if projects is not None:
        query = query.where(alert.c.project.in_(sorted(projects)))
    if before is not None:
        at, last = before
        query = query.where((alert.c.last_at < at) | ((alert.c.last_at == at) & (alert.c.id < last)))
    query = query.order_by(alert.c.last_at.desc(), alert.c.id.desc()).limit(limit)
    return [_from_row(row) for row in tx.execute(query)]


def by_id(tx: Connection, ids: AbstractSet[str]) -> dict[str, Alert]:
    """Return some alerts by their ids; those that there are."""
    rows = tx.execute(select(alert).where(alert.c.id.in_(sorted(ids))))
    return {row.id: _from_row(row) for row in rows}


def cursor(tx: Connection, *, lock: bool = False) -> int | None:
    """Return the event up to which alerts were opened and answered; None before the first look."""
    query = select(alert_cursor.c.seq)
    found: int | None = tx.execute(query.with_for_update() if lock else query).scalar()
    return found


def set_cursor(tx: Connection, seq: int) -> None:
    """Note up to which event alerts were opened and answered."""
    if not tx.execute(update(alert_cursor).values(seq=seq)).rowcount:
        tx.execute(insert(alert_cursor).values(id=1, seq=seq))


def _from_row(row: Any) -> Alert:
    return struct_of(Alert, row._mapping)
