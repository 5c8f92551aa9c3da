"""SQL of the specs that held, on an open transaction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, func, insert, select

from meguru.kernel.declarations.schema import spec_version
from meguru.kernel.declarations.types import SpecVersion
from meguru.kernel.events import Event

CHUNK = 500


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


def newest_numbers(tx: Connection, kind: str, names: Sequence[str]) -> dict[str, int]:
    """Return by name the number of the newest spec of things of a kind."""
    columns = spec_version.c
    found: dict[str, int] = {}
    for start in range(0, len(names), CHUNK):
        here = (columns.kind == kind) & columns.name.in_(names[start : start + CHUNK])
        query = select(columns.name, func.max(columns.number)).where(here).group_by(columns.name)
        found |= {row[0]: row[1] for row in tx.execute(query)}
    return found


def versions(tx: Connection, kind: str, name: str, limit: int) -> list[SpecVersion]:
    """Return the specs that held, newest first."""
    return versions_of(tx, kind, [name], limit).get(name, [])


def versions_of(tx: Connection, kind: str, names: Sequence[str], limit: int) -> dict[str, list[SpecVersion]]:
    """Return by name the specs that held, newest first, so many of each; a name without any is left out."""
    columns = spec_version.c
    place = func.row_number().over(partition_by=columns.name, order_by=columns.number.desc()).label("place")
    found: dict[str, list[SpecVersion]] = {}
    for start in range(0, len(names), CHUNK):
        here = (columns.kind == kind) & columns.name.in_(names[start : start + CHUNK])
        held = select(spec_version, place).where(here).subquery()
        query = select(held).where(held.c.place <= limit).order_by(held.c.name, held.c.number.desc())
        for row in tx.execute(query):
            made = msgspec.convert(row, SpecVersion, from_attributes=True)
            found.setdefault(row.name, []).append(made)
    return found
