"""SQL of the windows of monitors, and of where each monitor stands; on an open transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, delete, func, insert, or_, select, update

from meguru.datasets.schema import dataset
from meguru.monitoring.schedule.calendar_windows import TimeSpan
from meguru.monitoring.schema import monitor, monitor_clock, monitor_window

_W = monitor_window.c


class MonitorTurn(msgspec.Struct, frozen=True, kw_only=True):
    """Where a monitor stands; see the table `monitor_clock`."""

    monitor: str
    since: datetime | None = None
    next_at: datetime | None = None
    goal: int | None = None
    deadline: datetime | None = None
    outcomes_goal: int | None = None
    turn: int = 0


class KnownWindow(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the table `monitor_window`."""

    monitor: str
    start: datetime
    end: datetime
    due_at: datetime | None
    asked_at: datetime
    asked: int
    evaluations: int
    evaluated_at: datetime | None
    report: str | None
    partial: bool
    error: str | None


def turns(tx: Connection, *names: str) -> dict[str, MonitorTurn]:
    """Return where monitors stand (all, or those named), by name."""
    query = select(monitor_clock)
    if names:
        query = query.where(monitor_clock.c.monitor.in_(names))
    return {row.monitor: MonitorTurn(**row._mapping) for row in tx.execute(query)}


def begin(tx: Connection, name: str) -> None:
    """Forget the windows of a monitor, and have it begin anew."""
    tx.execute(delete(monitor_window).where(_W.monitor == name))
    anew = {"since": None, "next_at": None, "goal": None, "deadline": None, "outcomes_goal": None}
    mine = monitor_clock.c.monitor == name
    if tx.execute(update(monitor_clock).where(mine).values(anew)).rowcount == 0:
        tx.execute(insert(monitor_clock).values(monitor=name, turn=0, **anew))


def set_turn(tx: Connection, name: str, **values: Any) -> None:
    """Change where a monitor stands."""
    tx.execute(update(monitor_clock).where(monitor_clock.c.monitor == name).values(values))


def add(tx: Connection, name: str, spans: Iterable[TimeSpan], now: datetime) -> None:
    """Write windows that are to be looked at; those that are there are left as they are."""
    wanted = {span.start: span for span in spans}
    if not wanted:
        return
    known = select(_W.start).where(_W.monitor == name, _W.start.between(min(wanted), max(wanted)))
    there = set(tx.execute(known).scalars())
    rows = [
        {
            "monitor": name,
            "start": span.start,
            "end": span.end,
            "due_at": now,
            "asked_at": now,
            "asked": 1,
            "evaluations": 0,
            "partial": False,
        }
        for start, span in sorted(wanted.items())
        if start not in there
    ]
    if rows:
        tx.execute(insert(monitor_window), rows)


def mark(tx: Connection, name: str, span: tuple[datetime, datetime], now: datetime, due_at: datetime) -> None:
    """Have the windows looked at again that a span of event time touches.

    One that nobody looked at yet is not due for that: it waits for more outcomes than may have come.
    """
    first, last = span
    touched = (_W.monitor == name) & (_W.end > first) & (_W.start <= last)
    # Whoever looks at one just now did not see what came: it stays due.
    tx.execute(update(monitor_window).where(touched).values(asked=_W.asked + 1))
    # One that waits already keeps its moment: else it would wait for ever where something always comes.
    again = touched & _W.due_at.is_(None) & _W.evaluated_at.is_not(None)
    tx.execute(update(monitor_window).where(again).values(due_at=due_at, asked_at=now))


def due(tx: Connection, now: datetime, name: str = "", limit: int = 100) -> list[KnownWindow]:
    """Return the windows to look at by now, of one monitor or of all, the oldest first.

    What was asked for at a moment that has not come yet was so by a clock that has been set back: it is due.
    """
    where: list[ColumnElement[bool]] = [
        _W.due_at.is_not(None),
        or_(_W.due_at <= now, _W.asked_at > now),
    ]
    if name:
        where.append(_W.monitor == name)
    query = select(monitor_window).where(*where).order_by(_W.monitor, _W.start).limit(limit)
    return [KnownWindow(**row._mapping) for row in tx.execute(query)]


def due_names(tx: Connection, now: datetime) -> set[str]:
    """Return the monitors that have windows to look at by now."""
    here = or_(_W.due_at <= now, _W.asked_at > now)
    query = select(_W.monitor).where(_W.due_at.is_not(None), here).distinct()
    return set(tx.execute(query).scalars())


def next_due(tx: Connection, now: datetime) -> datetime | None:
    """Return the next moment at which a window is to be looked at."""
    return tx.execute(select(func.min(_W.due_at)).where(_W.due_at > now)).scalar()


def record_look(tx: Connection, window: KnownWindow, values: Mapping[str, Any]) -> None:
    """Write what came of a look; a window for which somebody asked meanwhile stays due."""
    mine = (_W.monitor == window.monitor) & (_W.start == window.start)
    tx.execute(update(monitor_window).where(mine).values({"evaluations": _W.evaluations + 1, **values}))
    # Compare-and-set by `asked`: what came while the window was evaluated is not in the report.
    if "due_at" not in values:
        unasked = mine & (_W.asked == window.asked)
        tx.execute(update(monitor_window).where(unasked).values(due_at=None))


def stop_waiting(tx: Connection, name: str, now: datetime, until: datetime | None = None) -> None:
    """Have the windows looked at that wait for outcomes: all, or those that ended by a moment."""
    waiting = (_W.monitor == name) & _W.evaluated_at.is_(None) & _W.due_at.is_(None)
    if until is not None:
        waiting &= _W.end <= until
    asked = {"due_at": now, "asked_at": now, "asked": _W.asked + 1}
    tx.execute(update(monitor_window).where(waiting).values(asked))


def first_waiting(tx: Connection, name: str) -> datetime | None:
    """Return the end of the first window that waits for outcomes; None if none does."""
    waiting = (_W.monitor == name) & _W.evaluated_at.is_(None) & _W.due_at.is_(None)
    return tx.execute(select(func.min(_W.end)).where(waiting)).scalar()


def windows(
    tx: Connection, name: str, limit: int, *, partial: bool = False, due: bool = False
) -> list[KnownWindow]:
    """Return the windows of a monitor, the newest first: all, those that were partial, or those due."""
    query = select(monitor_window).where(_W.monitor == name)
    if partial:
        query = query.where(_W.partial, _W.evaluated_at.is_not(None))
    if due:
        query = query.where(_W.due_at.is_not(None))
    return [KnownWindow(**row._mapping) for row in tx.execute(query.order_by(_W.start.desc()).limit(limit))]


def ending(tx: Connection, name: str, end: datetime) -> KnownWindow | None:
    """Return the window of a monitor that ends at a moment."""
    row = tx.execute(select(monitor_window).where(_W.monitor == name, _W.end == end)).first()
    return None if row is None else KnownWindow(**row._mapping)


def last_look(tx: Connection, name: str) -> KnownWindow | None:
    """Return the window that a monitor looked at last; None if it never did."""
    seen = select(monitor_window).where(_W.monitor == name, _W.evaluated_at.is_not(None))
    row = tx.execute(seen.order_by(_W.evaluated_at.desc(), _W.start.desc()).limit(1)).first()
    return None if row is None else KnownWindow(**row._mapping)


def newest_versions(tx: Connection, names: AbstractSet[str]) -> dict[str, int]:
    """Return the number of the newest version of some datasets, by name."""
    if not names:
        return {}
    query = select(dataset.c.name, dataset.c.latest).where(dataset.c.name.in_(names))
    return {row.name: row.latest for row in tx.execute(query)}


def names_watching(tx: Connection, endpoints: AbstractSet[str]) -> dict[str, list[str]]:
    """Return the monitors that look by themselves at each of some endpoints, by endpoint."""
    query = (
        select(monitor.c.name, monitor.c.endpoint)
        .join(monitor_clock, monitor_clock.c.monitor == monitor.c.name)
        .where(monitor.c.endpoint.in_(endpoints), monitor.c.retired_at.is_(None))
    )
    found: dict[str, list[str]] = {}
    for row in tx.execute(query.order_by(monitor.c.name)):
        found.setdefault(row.endpoint, []).append(row.name)
    return found
