"""SQL of monitors and their reports, on an open transaction."""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import ColumnElement, Connection, Row, func, insert, or_, select, update

from meguru.base import refs
from meguru.errors import NotFound
from meguru.kernel.projects import condition
from meguru.monitoring.schema import monitor, monitor_clock, monitor_report, report_evidence
from meguru.monitoring.types import Monitor, Report

_PRESENT = monitor.c.retired_at.is_(None)


def declare(tx: Connection, name: str, spec: Mapping[str, Any], *, at: datetime, by: str) -> None:
    """Write a monitor's spec: over the present one, over a retired one, or as a new monitor's."""
    here = monitor.c.name == name
    if tx.execute(update(monitor).where(here).values(**spec, retired_at=None)).rowcount == 0:
        tx.execute(insert(monitor).values(**spec, name=name, created_at=at, created_by=by))


def retire(tx: Connection, name: str, at: datetime) -> None:
    """Mark a monitor as retired."""
    tx.execute(update(monitor).where(monitor.c.name == name).values(retired_at=at))


def find(tx: Connection, name: str) -> Monitor | None:
    """Return a monitor; None if there is none of this name, or it was retired."""
    row = tx.execute(select(monitor).where(monitor.c.name == name, _PRESENT)).first()
    return None if row is None else _monitor(row)


def find_many(tx: Connection, names: Iterable[str]) -> list[Monitor]:
    """Return those monitors of these names that are there."""
    return [_monitor(row) for row in tx.execute(select(monitor).where(monitor.c.name.in_(names), _PRESENT))]


def one(tx: Connection, name: str) -> Monitor:
    """Return a monitor.

    Raises
    ------
    NotFound
        With the names that look like it.
    """
    found = find(tx, name)
    if found is None:
        here = condition(monitor.c.name, {refs.project_of(name)})
        known = tx.execute(select(monitor.c.name).where(_PRESENT, here)).scalars().all()
        raise NotFound.of("monitor", name, known)
    return found


def all_monitors(tx: Connection, *endpoints: str, projects: AbstractSet[str] | None = None) -> list[Monitor]:
    """Return every monitor of some projects (None: of all), or those of some endpoints, by name."""
    present = _PRESENT & condition(monitor.c.name, projects)
    query = select(monitor).where(present).order_by(monitor.c.name)
    if endpoints:
        query = query.where(monitor.c.endpoint.in_(endpoints))
    return [_monitor(row) for row in tx.execute(query)]


def scheduled(tx: Connection) -> list[Monitor]:
    """Return the monitors that look by themselves, by name."""
    query = select(monitor).join(monitor_clock, monitor_clock.c.monitor == monitor.c.name)
    known = map(_monitor, tx.execute(query.where(_PRESENT).order_by(monitor.c.name)))
    return [each for each in known if each.looks]


def add_report(tx: Connection, report: Report) -> None:
    """Write a report."""
    tx.execute(
        insert(monitor_report).values(
            id=report.id,
            monitor=report.monitor,
            window_start=report.start,
            window_end=report.end,
            digest=report.digest,
            at=report.at,
            verdict=report.verdict.value,
            body=msgspec.structs.replace(report, evidence=None),
        )
    )
    if report.evidence is not None:
        tx.execute(insert(report_evidence).values(report=report.id, body=report.evidence))


def find_report(tx: Connection, name: str, start: datetime, end: datetime, digest: str) -> Report | None:
    """Return the report that was made of the same window, data and settings; None if there is none."""
    table = monitor_report.c
    window = (table.window_start == start) & (table.window_end == end)
    return _whole(tx, (table.monitor == name) & window & (table.digest == digest))


def one_report(tx: Connection, report_id: str) -> Report:
    """Return a report by its id, with its evidence."""
    report = _whole(tx, monitor_report.c.id == report_id)
    if report is None:
        raise NotFound(
            f"there is no report {report_id!r}", where=report_id, hint="see: meguru monitor show NAME"
        )
    return report


def _whole(tx: Connection, here: ColumnElement[bool]) -> Report | None:
    """Return a report with its evidence."""
    query = select(monitor_report.c.body, report_evidence.c.body.label("evidence"))
    query = query.outerjoin(report_evidence, report_evidence.c.report == monitor_report.c.id)
    row = tx.execute(query.where(here)).first()
    return None if row is None else msgspec.convert(dict(row.body) | {"evidence": row.evidence}, Report)


def reports(tx: Connection, name: str, limit: int) -> list[Report]:
    """Return a monitor's reports, the one evaluated last first."""
    table = monitor_report.c
    query = select(table.body).where(table.monitor == name).order_by(table.at.desc(), table.id.desc())
    return [msgspec.convert(body, Report) for body in tx.execute(query.limit(limit)).scalars()]


def newest_reports(tx: Connection, names: Sequence[str], limit: int) -> dict[str, list[Report]]:
    """Return the newest reports of some monitors, by monitor, the one evaluated last first."""
    table = monitor_report.c
    latest_first = func.row_number().over(
        partition_by=table.monitor, order_by=(table.at.desc(), table.id.desc())
    )
    # Ranked without their bodies: all reports that there ever were are sorted here, and few are read.
    ranked = select(table.id, latest_first.label("rank")).where(table.monitor.in_(names)).subquery()
    query = select(table.monitor, table.body).join(ranked, ranked.c.id == table.id)
    query = query.where(ranked.c.rank <= limit).order_by(table.monitor, ranked.c.rank)
    found: dict[str, list[Report]] = {}
    for row in tx.execute(query):
        found.setdefault(row.monitor, []).append(msgspec.convert(row.body, Report))
    return found


class ReportSpan(NamedTuple):
    """The window of a report."""

    id: str
    start: datetime
    end: datetime


def spans_before(tx: Connection, name: str, start: datetime, limit: int) -> list[ReportSpan]:
    """Return the windows of a monitor that ended by a moment, each with its newest report; the latest first.

    Looks at up to `limit` reports.
    """
    here = (monitor_report.c.monitor == name) & (monitor_report.c.window_end <= start)
    return _spans(tx, here, limit)


def spans_at(tx: Connection, name: str, moments: Sequence[datetime]) -> list[ReportSpan]:
    """Return the windows of a monitor that some moments lie in, each with its newest report."""
    table = monitor_report.c
    within = [(table.window_start <= moment) & (table.window_end > moment) for moment in moments]
    return _spans(tx, (table.monitor == name) & or_(*within), 1000) if within else []


def _spans(tx: Connection, where: ColumnElement[bool], limit: int) -> list[ReportSpan]:
    table = monitor_report.c
    query = select(table.id, table.window_start, table.window_end).where(where)
    query = query.order_by(
        table.window_start.desc(), table.window_end.desc(), table.at.desc(), table.id.desc()
    )
    spans: dict[tuple[datetime, datetime], ReportSpan] = {}
    for row in tx.execute(query.limit(limit)):
        spans.setdefault((row.window_start, row.window_end), ReportSpan(*row))
    return list(spans.values())


def reports_by_id(tx: Connection, ids: Sequence[str]) -> list[Report]:
    """Return the reports with these ids, in any order."""
    if not ids:
        return []
    query = select(monitor_report.c.body).where(monitor_report.c.id.in_(ids))
    return [msgspec.convert(body, Report) for body in tx.execute(query).scalars()]


def newest_windows(tx: Connection, projects: AbstractSet[str] | None, limit: int) -> list[str]:
    """Return the newest report of the newest window of each monitor, by id; of so many monitors, by name."""
    table = monitor_report.c
    last = (
        select(table.id)
        .where(table.monitor == monitor.c.name)
        .order_by(table.window_start.desc(), table.window_end.desc(), table.at.desc(), table.id.desc())
        .limit(1)
        .correlate(monitor)
        .scalar_subquery()
    )
    here = _PRESENT & condition(monitor.c.name, projects)
    found = tx.execute(
        select(last).select_from(monitor).where(here).order_by(monitor.c.name).limit(limit)
    ).scalars()
    return [each for each in found if each is not None]


def project_of_report(tx: Connection, report_id: str) -> str | None:
    """Return the project of a report, which is its monitor's; None if there is no such report."""
    name = tx.execute(select(monitor_report.c.monitor).where(monitor_report.c.id == report_id)).scalar()
    return None if name is None else refs.project_of(name)


def _monitor(row: Row[Any]) -> Monitor:
    return msgspec.convert(row, Monitor, from_attributes=True)
