"""SQL of the specs that held, on an open transaction."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import Connection, func, insert, select

from meguru.kernel.declarations.schema import spec_version
from meguru.kernel.declarations.types import SpecVersion
from meguru.kernel.events import Event


def add(tx: Connection, kind: str, name: str, spec: dict[str, Any], event: Event, *, retired: bool) -> None:
    """Write down that a spec holds from an event on."""
    here = (spec_version.c.kind == kind) & (spec_version.c.name == name)
    last = tx.execute(select(func.max(spec_version.c.number)).where(here)).scalar() or 0
    tx.execute(
        insert(spec_version).values(
            kind=kind,
            name=name,
            number=last + 1,
            spec=spec,
            at=event.at,
            by=event.actor,
            event=event.id,
            retired=retired,
        )
    )


def newest_numbers(tx: Connection) -> dict[tuple[str, str], int]:
    """Return by kind and name the number of the newest spec."""
    columns = spec_version.c
    query = select(columns.kind, columns.name, func.max(columns.number)).group_by(columns.kind, columns.name)
    return {(kind, name): number for kind, name, number in tx.execute(query)}


def versions(tx: Connection, kind: str, name: str, limit: int) -> list[SpecVersion]:
    """Return the specs that held, newest first."""
    here = (spec_version.c.kind == kind) & (spec_version.c.name == name)
    rows = tx.execute(select(spec_version).where(here).order_by(spec_version.c.number.desc()).limit(limit))
    return [msgspec.convert(row, SpecVersion, from_attributes=True) for row in rows]
