"""Which monitors have windows to evaluate, by the rows of one moment; nothing is remembered in memory."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Connection

from meguru.kernel import events
from meguru.monitoring import store as monitors
from meguru.monitoring.schedule import store
from meguru.monitoring.schedule.calendar_windows import containing
from meguru.monitoring.schedule.plan import is_moment
from meguru.monitoring.schedule.rules import CronRule
from meguru.monitoring.schedule.store import MonitorTurn
from meguru.monitoring.schedule.watermark import evaluation_time, watermark
from meguru.monitoring.types import Monitor
from meguru.predictions import counts
from meguru.predictions.counts import Arrivals

_MAX_ENDPOINTS = 100_000


class ScheduleSnapshot(NamedTuple):
    """What the scheduler decides by, of one moment: arrivals, dataset versions, due windows, positions."""

    now: datetime
    arrived: dict[str, Arrivals]
    versions: dict[str, int]
    due: set[str]
    turns: dict[str, MonitorTurn]


def active_monitors(tx: Connection) -> list[Monitor]:
    """Return the monitors that are scheduled, without those of retired endpoints."""
    found = monitors.scheduled(tx)
    gone = _newest(tx, "endpoint.retired") if found else {}
    made = _newest(tx, "endpoint.created") if gone else {}
    retired = {ref for ref, seq in gone.items() if seq > made.get(ref, 0)}
    return [monitor for monitor in found if monitor.target not in retired]


def _newest(tx: Connection, type: str) -> dict[str, int]:
    """Return the number of the newest event of a type by subject."""
    # Of the log, as endpoints are a sibling's; by type, as an endpoint's own events are very many.
    return {event.subject: event.seq for event in events.read(tx, types=(type,), limit=_MAX_ENDPOINTS)}


def read_snapshot(tx: Connection, found: Sequence[Monitor], now: datetime) -> ScheduleSnapshot:
    """Read what the schedule of some monitors depends on."""
    datasets = {monitor.dataset for monitor in found if monitor.dataset}
    return ScheduleSnapshot(
        now=now,
        arrived=counts.arrivals(tx),
        versions=store.newest_versions(tx, datasets),
        due=store.due_names(tx, now),
        turns=store.turns(tx),
    )


def any_due(tx: Connection, now: datetime) -> bool:
    """Tell whether some monitor has a window to evaluate, or late data to mark."""
    found = active_monitors(tx)
    if not found:
        return False
    sight = read_snapshot(tx, found, now)
    return any(is_late(monitor, sight) or is_due(monitor, sight) for monitor in found)


def is_late(monitor: Monitor, sight: ScheduleSnapshot) -> bool:
    """Tell whether something came in a window before the next one, and was not marked yet."""
    turn, came = sight.turns.get(monitor.name), sight.arrived.get(monitor.endpoint)
    if monitor.dataset or turn is None or came is None:
        return False
    return came.touched_from is not None and turn.since is not None and came.touched_from < turn.since


def is_due(monitor: Monitor, sight: ScheduleSnapshot) -> bool:
    """Tell whether a window is full, or due again, or may be full by now."""
    turn, came = sight.turns.get(monitor.name), sight.arrived.get(monitor.endpoint)
    if turn is None:
        return False
    if monitor.name in sight.due:
        return True
    if monitor.dataset and monitor.schedule == "window":
        return sight.versions.get(monitor.dataset, 0) != (turn.goal or 0)
    if isinstance(monitor.schedule, CronRule):
        return (bool(monitor.dataset) or came is not None) and is_moment(turn, monitor.schedule, sight.now)
    return came is not None and _is_full(monitor, turn, came, sight.now)


def _is_full(monitor: Monitor, turn: MonitorTurn, came: Arrivals, now: datetime) -> bool:
    world, rule = watermark(came, now, float(monitor.complete.quiet)), monitor.window
    if world is None or rule is None:
        return False
    enough = turn.outcomes_goal is not None and came.outcomes >= turn.outcomes_goal
    over = turn.deadline is not None and world >= turn.deadline
    if enough or over or turn.since is None:
        return True
    if rule.rows is not None:
        return turn.goal is None or came.predictions >= turn.goal
    end = containing(rule, turn.since).end
    return world >= evaluation_time(monitor, end) and now >= end + timedelta(
        seconds=rule.spread(monitor.name)
    )
