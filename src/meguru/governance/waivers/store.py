"""SQL of waivers, on an open transaction."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, insert, select, update

from meguru.base import refs
from meguru.errors import NotFound
from meguru.governance.waivers.schema import waiver
from meguru.governance.waivers.types import OPEN, Waiver, WaiverState
from meguru.kernel.projects import condition
from meguru.storage.struct_rows import struct_of

_ENDPOINTS_AT_ONCE = 500


def add(tx: Connection, made: Waiver) -> None:
    """Write a new waiver."""
    tx.execute(insert(waiver).values(_values(made)))


def save(tx: Connection, changed: Waiver) -> Waiver:
    """Write what changed of a waiver, and return it."""
    tx.execute(update(waiver).where(waiver.c.id == changed.id).values(_values(changed)))
    return changed


def get(tx: Connection, ref: str, *, lock: bool = False) -> Waiver:
    """Return a waiver by its id or reference."""
    wanted = refs.parse(ref, kind="waiver").name
    query = select(waiver).where(waiver.c.id == wanted)
    row = tx.execute(query.with_for_update() if lock else query).first()
    if row is None:
        raise NotFound.of("waiver", wanted, hint="they are listed by: meguru waiver list")
    return _from_row(row)


def page(
    tx: Connection,
    *,
    endpoint: str,
    model: str,
    state: str,
    before: str,
    limit: int,
    projects: AbstractSet[str] | None,
) -> list[Waiver]:
    """Return waivers at the endpoints of some projects (None: of all), newest first."""
    query = select(waiver).where(condition(waiver.c.endpoint, projects))
    for column, wanted in ((waiver.c.endpoint, endpoint), (waiver.c.model, model), (waiver.c.state, state)):
        if wanted:
            query = query.where(column == wanted)
    if before:
        query = query.where(waiver.c.id < before)
    return [_from_row(row) for row in tx.execute(query.order_by(waiver.c.id.desc()).limit(limit))]


def granted(tx: Connection, endpoint: str, model: str) -> list[Waiver]:
    """Return the waivers of a model version at an endpoint that were granted and have not ended, by id."""
    here = (waiver.c.endpoint == endpoint) & (waiver.c.model == model)
    query = select(waiver).where(here, waiver.c.state == WaiverState.GRANTED.value)
    return [_from_row(row) for row in tx.execute(query.order_by(waiver.c.id))]


def leaned_on(tx: Connection, releases: Iterable[str]) -> dict[str, list[Waiver]]:
    """Return by release the waivers by which some of them went live."""
    wanted, found = sorted({release for release in releases if release}), dict[str, list[Waiver]]()
    for start in range(0, len(wanted), _ENDPOINTS_AT_ONCE):
        chunk = wanted[start : start + _ENDPOINTS_AT_ONCE]
        query = select(waiver).where(waiver.c.used_by.in_(chunk)).order_by(waiver.c.id)
        for row in tx.execute(query):
            found.setdefault(row.used_by, []).append(_from_row(row))
    return found


def ending(
    tx: Connection, until: datetime, limit: int, *, unwarned: bool = False, lock: bool = False
) -> list[Waiver]:
    """Return waivers that are asked for or granted and end by a moment; only those nobody was warned of."""
    states = [each.value for each in OPEN]
    query = select(waiver).where(waiver.c.state.in_(states), waiver.c.expires_at <= until)
    if unwarned:
        # Only what something leans on is warned of: others, which stay unwarned, must not fill the batch.
        unwarned_ones = waiver.c.warned_at.is_(None) & (waiver.c.used_by != "")
        query = query.where(waiver.c.state == WaiverState.GRANTED.value, unwarned_ones)
    query = query.order_by(waiver.c.expires_at).limit(limit)
    return [_from_row(row) for row in tx.execute(query.with_for_update() if lock else query)]


def project_of(tx: Connection, id: str) -> str | None:
    """Return the project of a waiver, which is its endpoint's; None if there is none."""
    found: str | None = tx.execute(select(waiver.c.endpoint).where(waiver.c.id == id)).scalar()
    return None if found is None else refs.project_of(found)


def _values(item: Waiver) -> dict[str, Any]:
    return msgspec.structs.asdict(item) | {"state": item.state.value}


def _from_row(row: Row[Any]) -> Waiver:
    return struct_of(Waiver, row._mapping)
