"""Where a monitor that looks by itself stands: the next window, the last look, what is late or partial."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from meguru.monitoring.cells.row_counts import counted
from meguru.monitoring.schedule import store
from meguru.monitoring.schedule.calendar_windows import containing
from meguru.monitoring.schedule.store import KnownWindow, MonitorTurn
from meguru.monitoring.schedule.types import WindowLook, WindowsStatus
from meguru.monitoring.schedule.watermark import evaluation_time, missing_parts, watermark
from meguru.monitoring.types import Monitor
from meguru.predictions import counts, spans

_MAX_WINDOWS = 20


def status(tx: Connection, monitor: Monitor, now: datetime) -> WindowsStatus | None:
    """Return where a monitor stands; None if it looks only when it is told to."""
    turn = store.turns(tx, monitor.name).get(monitor.name)
    if not monitor.looks or turn is None:
        return None
    if monitor.dataset:
        return _of_data(tx, monitor, turn)
    arrived = counts.arrivals(tx, monitor.endpoint).get(monitor.endpoint)
    world = watermark(arrived, now, float(monitor.complete.quiet)) if arrived else None
    last = store.last_look(tx, monitor.name)
    first = store.first_waiting(tx, monitor.name)
    following = _following(tx, monitor, turn, first)
    return WindowsStatus(
        world=world,
        following=following,
        waits_for=_waits_for(tx, monitor, following, world, turn),
        next_at=turn.next_at,
        last=_look(last) if last else None,
        due=[_look(window) for window in store.windows(tx, monitor.name, _MAX_WINDOWS, due=True)],
        partial=[_look(window) for window in store.windows(tx, monitor.name, _MAX_WINDOWS, partial=True)],
    )


def _of_data(tx: Connection, monitor: Monitor, turn: MonitorTurn) -> WindowsStatus:
    last = store.last_look(tx, monitor.name)
    following = None
    if monitor.window is not None and turn.since is not None:
        start, end = containing(monitor.window, turn.since)
        following = WindowLook(start=start, end=end)
    return WindowsStatus(
        following=following,
        waits_for=["it is looked at when the dataset gets a version"],
        next_at=turn.next_at,
        last=_look(last) if last else None,
        due=[_look(window) for window in store.windows(tx, monitor.name, _MAX_WINDOWS, due=True)],
        partial=[_look(window) for window in store.windows(tx, monitor.name, _MAX_WINDOWS, partial=True)],
    )


def _following(
    tx: Connection, monitor: Monitor, turn: MonitorTurn, first: datetime | None
) -> WindowLook | None:
    if first is not None:  # it is over, and waits for outcomes
        waiting = store.ending(tx, monitor.name, first)
        return _look(waiting) if waiting else None
    since = turn.since or spans.first_time(tx, monitor.endpoint)
    if since is None or monitor.window is None:
        return None
    if monitor.window.rows is not None:
        return WindowLook(start=since, end=since)
    start, end = containing(monitor.window, since)
    return WindowLook(start=start, end=end)


def _waits_for(
    tx: Connection, monitor: Monitor, window: WindowLook | None, world: datetime | None, turn: MonitorTurn
) -> list[str]:
    """Return in words what the next window still lacks."""
    if window is None:
        return ["nothing has come yet"]
    if window.start == window.end:
        there = spans.rows_from(tx, monitor.endpoint, window.start)
        size = monitor.window.rows if monitor.window else 0
        return [f"{there:,} of {size:,} rows have come"]
    rows, outcomes = counted(tx, monitor.endpoint, window.start, window.end)
    found = list(missing_parts(monitor, window.end, world, rows, outcomes).values())
    if turn.next_at is not None:
        return [*found, f"it is looked at on {turn.next_at:%Y-%m-%d %H:%M} UTC"]
    if not found and world is not None and world >= evaluation_time(monitor, window.end):
        return ["it is full; its turn comes"]
    return found


def _look(row: KnownWindow) -> WindowLook:
    return WindowLook(
        start=row.start,
        end=row.end,
        due_at=row.due_at,
        late=row.evaluated_at is not None and row.due_at is not None,
        evaluated_at=row.evaluated_at,
        report=f"report/{row.report}" if row.report else "",
        partial=row.partial,
        looks=row.evaluations,
        error=row.error or "",
    )
