"""SQL of checklists, on an open transaction."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, delete, insert, select, update

from meguru.errors import NotFound
from meguru.governance.checklists.kind import ChecklistSpec
from meguru.governance.checklists.schema import checklist, checklist_answer, checklist_reminder
from meguru.governance.checklists.types import ChecklistAnswer
from meguru.kernel.projects import condition

_PRESENT = checklist.c.retired_at.is_(None)


def find(tx: Connection, name: str) -> ChecklistSpec | None:
    """Return a present checklist; None if there is none of this name."""
    found = tx.execute(select(checklist.c.spec).where(checklist.c.name == name, _PRESENT)).scalar()
    return None if found is None else msgspec.convert(found, ChecklistSpec)


def get(tx: Connection, name: str) -> ChecklistSpec:
    """Return a present checklist; NotFound, with names that look like it, if there is none."""
    spec = find(tx, name)
    if spec is None:
        raise NotFound.of("checklist", name, every(tx, None))
    return spec


def every(tx: Connection, projects: AbstractSet[str] | None) -> dict[str, ChecklistSpec]:
    """Return the present checklists of some projects (None: of all), by name."""
    query = select(checklist.c.name, checklist.c.spec).where(_PRESENT, condition(checklist.c.name, projects))
    return {
        name: msgspec.convert(spec, ChecklistSpec)
        for name, spec in tx.execute(query.order_by(checklist.c.name))
    }


def put(tx: Connection, name: str, spec: ChecklistSpec) -> None:
    """Write a checklist's spec, over the present or a retired one."""
    values: dict[str, Any] = {"spec": msgspec.to_builtins(spec), "retired_at": None}
    if tx.execute(update(checklist).where(checklist.c.name == name).values(**values)).rowcount == 0:
        tx.execute(insert(checklist).values(name=name, **values))


def take_out(tx: Connection, name: str, at: datetime) -> None:
    """Mark a checklist as retired."""
    tx.execute(update(checklist).where(checklist.c.name == name).values(retired_at=at))


def answers(tx: Connection, name: str, model: str) -> list[ChecklistAnswer]:
    """Return the present answers for a model and all of its versions, the newest version first."""
    here = (checklist_answer.c.checklist == name) & (checklist_answer.c.model == model)
    query = select(checklist_answer).where(here).order_by(checklist_answer.c.version.desc())
    rows = tx.execute(query)
    return [
        msgspec.convert({str(key): value for key, value in row._mapping.items()}, ChecklistAnswer)
        for row in rows
    ]


def answered_for(tx: Connection, model: str) -> list[str]:
    """Return the names of the checklists that have an answer for a model."""
    query = select(checklist_answer.c.checklist).where(checklist_answer.c.model == model).distinct()
    return sorted(tx.execute(query).scalars())


def save_answer(tx: Connection, made: ChecklistAnswer) -> None:
    """Write an answer, over the one before."""
    here = (
        (checklist_answer.c.checklist == made.checklist)
        & (checklist_answer.c.item == made.item)
        & (checklist_answer.c.model == made.model)
        & (checklist_answer.c.version == made.version)
    )
    tx.execute(delete(checklist_answer).where(here))
    tx.execute(insert(checklist_answer).values(msgspec.structs.asdict(made) | {"answer": made.answer.value}))


def reminded(tx: Connection, name: str) -> set[tuple[str, str, str]]:
    """Return of which items people were told: the item, of what, and the day."""
    columns = checklist_reminder.c
    query = select(columns.item, columns.about, columns.due).where(columns.checklist == name)
    return {(row.item, row.about, row.due) for row in tx.execute(query)}


def remind(tx: Connection, name: str, item: str, about: str, due: str) -> None:
    """Write down that people were told of an item."""
    columns = checklist_reminder.c
    here = (columns.checklist == name) & (columns.item == item) & (columns.about == about)
    tx.execute(delete(checklist_reminder).where(here))
    tx.execute(insert(checklist_reminder).values(checklist=name, item=item, about=about, due=due))
