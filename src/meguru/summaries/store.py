"""SQL of scheduled reports, on an open transaction."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, insert, select, update

from meguru.kernel.projects import condition
from meguru.summaries.kind import ScheduledReportSpec
from meguru.summaries.schema import scheduled_report as table


class ScheduledReport(msgspec.Struct, frozen=True, kw_only=True):
    """A scheduled report as declared, by whom, and when it is due."""

    name: str
    spec: ScheduledReportSpec
    declared_by: str
    due_at: datetime | None


_PRESENT = table.c.retired_at.is_(None)
_COLUMNS = [table.c[name] for name in ScheduledReport.__struct_fields__]


def find(tx: Connection, name: str, *, lock: bool = False) -> ScheduledReport | None:
    """Return a scheduled report; None if there is none of this name."""
    query = select(*_COLUMNS).where(table.c.name == name, _PRESENT)
    row = tx.execute(query.with_for_update() if lock else query).first()
    return None if row is None else _report(row)


def page(tx: Connection, projects: AbstractSet[str] | None) -> list[ScheduledReport]:
    """Return the scheduled reports of some projects (None: of all), by name."""
    where = _PRESENT & condition(table.c.name, projects)
    rows = tx.execute(select(*_COLUMNS).where(where).order_by("name"))
    return [_report(row) for row in rows]


def due(tx: Connection, now: datetime) -> list[str]:
    """Return the names of the reports that are due."""
    query = select(table.c.name).where(_PRESENT, table.c.due_at <= now).order_by("name")
    return list(tx.execute(query).scalars())


def declare(
    tx: Connection, name: str, spec: ScheduledReportSpec, *, by: str, due_at: datetime | None
) -> None:
    """Write a spec: over the present one, over a retired one, or as a new one's."""
    values = {"spec": msgspec.to_builtins(spec), "declared_by": by, "due_at": due_at, "retired_at": None}
    if tx.execute(update(table).where(table.c.name == name).values(**values)).rowcount == 0:
        tx.execute(insert(table).values(**values, name=name))


def set_due(tx: Connection, name: str, at: datetime | None) -> None:
    """Note when a report is due next."""
    tx.execute(update(table).where(table.c.name == name).values(due_at=at))


def take_out(tx: Connection, name: str, at: datetime) -> None:
    """Mark a scheduled report as retired."""
    tx.execute(update(table).where(table.c.name == name).values(retired_at=at))


def _report(row: Any) -> ScheduledReport:
    return msgspec.convert({str(name): value for name, value in row._mapping.items()}, ScheduledReport)
