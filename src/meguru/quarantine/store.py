"""SQL of quarantined models, on an open transaction."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, insert, select, update

from meguru.base import refs
from meguru.errors import Conflict, NotFound
from meguru.quarantine.schema import quarantine
from meguru.quarantine.types import OPEN, QuarantinedModel, QuarantineState

_OPEN = [state.value for state in OPEN]


def add(tx: Connection, made: QuarantinedModel) -> None:
    """Write what was kept."""
    values = msgspec.to_builtins(made, builtin_types=(datetime,))
    del values["ref"]
    tx.execute(insert(quarantine).values(**values))


def get(tx: Connection, ref: str, *, lock: bool = False) -> QuarantinedModel:
    """Return what is kept under an id; `lock` it till the transaction ends."""
    wanted = refs.parse(ref, kind="quarantine").name
    query = select(quarantine).where(quarantine.c.id == wanted)
    # Ignored by SQLite, whose writer is alone anyway.
    row = tx.execute(query.with_for_update() if lock else query).first()
    if row is None:
        hint = "they are listed by: meguru quarantine list"
        raise NotFound.of("quarantined model", wanted, _recent(tx), hint=hint)
    return _from_row(row)


def get_open(tx: Connection, ref: str) -> QuarantinedModel:
    """Return and lock what nobody has decided about; Conflict if somebody has."""
    model = get(tx, ref, lock=True)
    if model.state not in OPEN:
        raise Conflict(f"{model.ref} is {model.state}", why=model.decision, where=model.ref)
    return model


def change(tx: Connection, id: str, **values: Any) -> None:
    """Write new values of some columns."""
    plain = msgspec.to_builtins(values, builtin_types=(datetime,))
    tx.execute(update(quarantine).where(quarantine.c.id == id).values(**plain))


def page(
    tx: Connection, *, state: str, before: str, limit: int, projects: AbstractSet[str] | None
) -> list[QuarantinedModel]:
    """Return what is kept in some projects (None: in all), newest first; of one state, or all."""
    query = select(quarantine)
    if state:
        query = query.where(quarantine.c.state == state)
    if before:
        query = query.where(quarantine.c.id < before)
    if projects is not None:
        query = query.where(quarantine.c.project.in_(sorted(projects)))
    return [_from_row(row) for row in tx.execute(query.order_by(quarantine.c.id.desc()).limit(limit))]


def late(tx: Connection, now: datetime, limit: int) -> list[QuarantinedModel]:
    """Return what nobody decided about in time."""
    query = select(quarantine).where(quarantine.c.state.in_(_OPEN), quarantine.c.expires_at <= now)
    return [_from_row(row) for row in tx.execute(query.order_by(quarantine.c.expires_at).limit(limit))]


def project_of(tx: Connection, id: str) -> str | None:
    """Return the project of what is kept under an id; None if nothing is."""
    found: str | None = tx.execute(select(quarantine.c.project).where(quarantine.c.id == id)).scalar()
    return found


def _recent(tx: Connection) -> list[str]:
    return list(tx.execute(select(quarantine.c.id).order_by(quarantine.c.id.desc()).limit(100)).scalars())


def _from_row(row: Row[Any]) -> QuarantinedModel:
    fields = {str(name): value for name, value in row._mapping.items()}
    state = QuarantineState(row.state)
    return msgspec.convert(
        fields | {"ref": refs.make("quarantine", row.id), "state": state}, QuarantinedModel
    )
