"""Which windows of a monitor are full by now, and from where it goes on: what a worker finds out first."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import takewhile

import msgspec
from sqlalchemy import Connection

from meguru.monitoring.schedule.calendar_windows import TimeSpan, back, containing, count_between, following
from meguru.monitoring.schedule.rules import CronRule, WindowRule
from meguru.monitoring.schedule.store import MonitorTurn
from meguru.monitoring.schedule.watermark import evaluation_delay, evaluation_time, event_end, watermark
from meguru.monitoring.types import Monitor
from meguru.predictions import counts, spans

EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
"""An event time before is a mistake: windows begin here."""
_MAX_WINDOWS_PER_PLAN = 1000
"""So many windows of rows are cut in one go; the rest in the next."""


class WindowPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be written.

    Attributes
    ----------
    new
        Windows to look at, the oldest first.
    since, goal, next_at
        As in the table `monitor_clock`.
    passed, passed_count
        From the first to the last window that is passed over, and how many they are.
    touched
        The span of event time in which something may have changed.
    ready_at
        The event time at which the next window of rows is full, if it has all its rows.
    """

    new: list[TimeSpan] = []
    since: datetime | None = None
    goal: int | None = None
    next_at: datetime | None = None
    passed: TimeSpan | None = None
    touched: TimeSpan | None = None
    ready_at: datetime | None = None
    passed_count: int = 0


def plan_windows(tx: Connection, monitor: Monitor, turn: MonitorTurn, now: datetime) -> WindowPlan:
    """Return what a monitor has to look at by now; nothing is written."""
    arrived = counts.arrivals(tx, monitor.endpoint).get(monitor.endpoint)
    world = watermark(arrived, now, float(monitor.complete.quiet)) if arrived else None
    same = WindowPlan(since=turn.since, goal=turn.goal, next_at=turn.next_at)
    if arrived is None or world is None or monitor.window is None:
        return same
    if isinstance(monitor.schedule, CronRule):
        if not is_moment(turn, monitor.schedule, now):
            return same
        same = msgspec.structs.replace(same, next_at=monitor.schedule.following(now))
    since = turn.since or spans.first_time(tx, monitor.endpoint)
    if since is None or world <= EARLIEST:
        return same
    since = max(since, EARLIEST)
    if monitor.window.rows is not None:
        return _by_rows(tx, monitor, same, since, world, arrived.predictions)
    return by_calendar(monitor, same, since, world, now)


def is_moment(turn: MonitorTurn, rule: CronRule, now: datetime) -> bool:
    """Tell whether a moment of the calendar has come; also where the clock was set back before it."""
    if turn.next_at is None or turn.next_at <= now:
        return True
    # After a clock was set back `next_at` may be far ahead: then the nearest moment lies before it.
    nearest = rule.following(now)
    return nearest is not None and nearest < turn.next_at


def by_calendar(
    monitor: Monitor, same: WindowPlan, since: datetime, world: datetime, now: datetime
) -> WindowPlan:
    """Return the windows of the calendar that are to be looked at from `since` on."""
    rule = _rule(monitor)
    start = oldest = containing(rule, since).start
    # What lies further back than is made up for is passed over at once, not window by window.
    ended = world - evaluation_delay(monitor) if _is_dated(monitor) else world
    if ended > start and count_between(rule, start, containing(rule, ended).start) > monitor.make_up + 1:
        start = back(rule, ended, monitor.make_up + 1)
    passed = TimeSpan(oldest, start) if start > oldest and same.since is not None else None
    new = list(takewhile(lambda span: _is_ready(monitor, span, world, now), following(rule, start)))
    return msgspec.structs.replace(
        same,
        new=new,
        since=new[-1].end if new else start,
        passed=passed,
        passed_count=count_between(rule, *passed) if passed else 0,
    )


def _is_dated(monitor: Monitor) -> bool:
    """Tell whether windows are looked at when they are full, and not at moments of the calendar."""
    return not isinstance(monitor.schedule, CronRule)


def _is_ready(monitor: Monitor, span: TimeSpan, world: datetime, now: datetime) -> bool:
    if not _is_dated(monitor):
        return world >= span.end  # at its moment it looks at what has ended, full or not
    # Jitter by a hash of the name: at midnight all monitors of a day would be due at the same second.
    spread = timedelta(seconds=_rule(monitor).spread(monitor.name))
    return world >= evaluation_time(monitor, span.end) and now >= span.end + spread


def _by_rows(
    tx: Connection, monitor: Monitor, same: WindowPlan, since: datetime, world: datetime, total: int
) -> WindowPlan:
    size = _rule(monitor).rows or 1
    new: list[TimeSpan] = []
    goal, ready_at = total + 1, None
    while len(new) < _MAX_WINDOWS_PER_PLAN:
        there = spans.rows_from(tx, monitor.endpoint, since)
        end = spans.end_of_rows(tx, monitor.endpoint, since, size) if there >= size else None
        if end is None:
            goal = total + max(size - there, 1)
            break
        ready = evaluation_time(monitor, event_end(monitor, end))
        if _is_dated(monitor) and world < ready:
            ready_at = ready
            break
        new.append(TimeSpan(since, end))
        since = end
    return msgspec.structs.replace(same, new=new, since=since, goal=goal, ready_at=ready_at)


def _rule(monitor: Monitor) -> WindowRule:
    return monitor.window or WindowRule()
