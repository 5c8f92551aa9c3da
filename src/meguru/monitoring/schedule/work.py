"""Who has something to look at, by what the rows say at one moment; nothing is remembered."""

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
from meguru.monitoring.schedule.world import look_at, world_time
from meguru.monitoring.types import Monitor
from meguru.predictions import counts
from meguru.predictions.counts import Arrivals

_MOST_ENDPOINTS = 100_000


class MonitorSight(NamedTuple):
    """What the rows say at one moment: what arrived, which versions there are, who is due."""

    now: datetime
    arrived: dict[str, Arrivals]
    versions: dict[str, int]
    due: set[str]
    turns: dict[str, MonitorTurn]


def watching(tx: Connection) -> list[Monitor]:
    """Return the monitors that look by themselves, but those of endpoints that are in use no more."""
    found = monitors.self_looking(tx)
    gone = _newest(tx, "endpoint.retired") if found else {}
    made = _newest(tx, "endpoint.created") if gone else {}
    retired = {ref for ref, seq in gone.items() if seq > made.get(ref, 0)}
    return [each for each in found if each.target not in retired]


def _newest(tx: Connection, type: str) -> dict[str, int]:
    """Return the number of the newest event of a type by subject."""
    # Of the log, as endpoints are a sibling's; by type, as an endpoint's own events are very many.
    return {each.subject: each.seq for each in events.read(tx, types=(type,), limit=_MOST_ENDPOINTS)}


def see(tx: Connection, found: Sequence[Monitor], now: datetime) -> MonitorSight:
    """Read what there is to know for some monitors."""
    datasets = {each.dataset for each in found if each.dataset}
    return MonitorSight(
        now=now,
        arrived=counts.arrivals(tx),
        versions=store.newest_versions(tx, datasets),
        due=store.due_names(tx, now),
        turns=store.turns(tx),
    )


def anything(tx: Connection, now: datetime) -> bool:
    """Tell whether a monitor has something to look at that nobody was told of yet."""
    found = watching(tx)
    if not found:
        return False
    sight = see(tx, found, now)
    return any(is_late(each, sight) or has_work(each, sight) for each in found)


def is_late(monitor: Monitor, sight: MonitorSight) -> bool:
    """Tell whether something came in a window before the next one, and was not marked yet."""
    turn, came = sight.turns.get(monitor.name), sight.arrived.get(monitor.endpoint)
    if monitor.dataset or turn is None or came is None:
        return False
    return came.touched_from is not None and turn.since is not None and came.touched_from < turn.since


def has_work(monitor: Monitor, sight: MonitorSight) -> bool:
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
    world, rule = world_time(came, now, float(monitor.complete.quiet)), monitor.window
    if world is None or rule is None:
        return False
    enough = turn.outcomes_goal is not None and came.outcomes >= turn.outcomes_goal
    over = turn.deadline is not None and world >= turn.deadline
    if enough or over or turn.since is None:
        return True
    if rule.rows is not None:
        return turn.goal is None or came.predictions >= turn.goal
    end = containing(rule, turn.since).end
    return world >= look_at(monitor, end) and now >= end + timedelta(seconds=rule.spread(monitor.name))
