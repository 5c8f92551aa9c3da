"""The service that has monitors look by themselves.

It reads what arrived and who waits for what, every two seconds and whenever outcomes come, and wakes the
jobs of the monitors that have something to look at. It decides nothing that the rows don't say: several
servers run one each, and a job is done by one worker at a time.
"""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple

from sqlalchemy import Connection

from meguru.kernel import events
from meguru.kernel.operations import Context, InternalOperation
from meguru.kernel.services import Follower
from meguru.kernel.workspace import Workspace
from meguru.monitoring import store as monitors
from meguru.monitoring.kind import MONITOR
from meguru.monitoring.schedule import store
from meguru.monitoring.schedule.begin import wake
from meguru.monitoring.schedule.calendar_windows import TimeSpan, containing
from meguru.monitoring.schedule.plan import is_moment
from meguru.monitoring.schedule.rules import CronRule
from meguru.monitoring.schedule.store import MonitorTurn
from meguru.monitoring.schedule.world import look_at, world_time
from meguru.monitoring.types import Monitor
from meguru.predictions import counts
from meguru.predictions.counts import Arrivals

IDLE_SECONDS, PACE_SECONDS = 2.0, 0.2
CHANGES = tuple(f"monitor.{verb}" for verb in ("created", "updated", "retired"))
"""What changes which monitors look by themselves."""
_WOKEN_SECONDS = 30.0
"""A monitor that was woken and did not go on is not woken again at once."""
_SCHEDULE = InternalOperation(MONITOR, "schedule")


class _Sight(NamedTuple):
    """What the rows say at one moment."""

    now: datetime
    arrived: dict[str, Arrivals]
    versions: dict[str, int]
    due: set[str]


class MonitorClock(Follower):
    """Wakes monitors whose windows are full, and has those looked at again in which something came late."""

    name = "monitors"
    idle = IDLE_SECONDS
    pace = PACE_SECONDS

    def __init__(self, ws: Workspace) -> None:
        super().__init__(ws)
        self._monitors: list[Monitor] = []
        self._datasets: set[str] = set()
        self._known = -1
        self._woken: dict[str, tuple[object, float]] = {}

    def wakes(self, type: str) -> bool:
        """Tell whether an event can fill a window, or changes who looks."""
        return type in {"outcomes.recorded", "dataset_version.created"} or type in CHANGES

    def rest(self) -> float:
        """Return the seconds to the next window that is to be looked at again."""
        now = self.ws.clock.now()
        with self.ws.read() as tx:
            following = store.next_due(tx, now) if self._monitors else None
        if following is None:
            return self.idle
        return min(self.idle, max(0.0, (following - now).total_seconds()))

    def step(self) -> int:
        """Wake everybody who has something to look at by now; return how many were."""
        self._refresh()
        if not self._monitors:
            return 0
        with self.ws.read() as tx:
            wanted = self._look(tx)
        for endpoint, names in wanted.items():
            _SCHEDULE.commit(self.ws, partial(_wake, endpoint=endpoint, names=names))
        return sum(map(len, wanted.values()))

    def _look(self, tx: Connection) -> dict[str, list[str]]:
        """Return who has something to look at, by endpoint."""
        now = self.ws.clock.now()
        sight = _Sight(
            now=now,
            arrived=counts.arrivals(tx),
            versions=store.newest_versions(tx, self._datasets),
            due=store.due_names(tx, now),
        )
        turns = store.turns(tx)
        wanted: dict[str, list[str]] = {}
        for monitor in self._monitors:
            turn = turns.get(monitor.name)
            if turn is not None and self._wants(monitor, turn, sight):
                wanted.setdefault(monitor.endpoint, []).append(monitor.name)
        return wanted

    def _wants(self, monitor: Monitor, turn: MonitorTurn, sight: _Sight) -> bool:
        """Tell whether a monitor has something to look at, of which it was not told just now."""
        is_due = monitor.name in sight.due
        if monitor.dataset:
            newest = sight.versions.get(monitor.dataset, 0)
            works = is_due or _has_version(monitor, turn, newest, sight.now)
            return works and self._is_news(turn, is_due, newest)
        came = sight.arrived.get(monitor.endpoint)
        if came is None:
            return False
        if came.touched_from is not None and turn.since is not None and came.touched_from < turn.since:
            return True  # something came late: it is to be marked
        works = is_due or self._has_work(monitor, turn, came, sight.now)
        return works and self._is_news(turn, is_due, came.requests, came.outcomes)

    def _refresh(self) -> None:
        """Read who looks by themselves, if that changed."""
        with self.ws.read() as tx:
            newest = events.read(tx, types=CHANGES, limit=1, newest_first=True)
            seq = newest[0].seq if newest else 0
            if seq != self._known:
                self._monitors, self._known = monitors.self_looking(tx), seq
                self._datasets = {each.dataset for each in self._monitors if each.dataset}

    def _has_work(self, monitor: Monitor, turn: MonitorTurn, came: Arrivals, now: datetime) -> bool:
        world = world_time(came, now, float(monitor.complete.quiet))
        if world is None:
            return False
        if turn.deadline is not None and world >= turn.deadline:
            return True
        if isinstance(monitor.schedule, CronRule):
            return is_moment(turn, monitor.schedule, now)
        return turn.since is None or self._is_full(monitor, turn.since, turn.goal, came, world, now)

    def _is_full(
        self,
        monitor: Monitor,
        since: datetime,
        goal: int | None,
        came: Arrivals,
        world: datetime,
        now: datetime,
    ) -> bool:
        rule = monitor.window
        if rule is None or rule.rows is not None:
            return rule is not None and (goal is None or came.predictions >= goal)
        end = containing(rule, since).end
        return world >= look_at(monitor, end) and now >= end + timedelta(seconds=rule.spread(monitor.name))

    def _is_news(self, turn: MonitorTurn, *came: int) -> bool:
        """Tell whether a monitor was not woken for the same just now."""
        sight = (turn, *came)
        before, until = self._woken.get(turn.monitor, (None, 0.0))
        if before == sight and time.monotonic() < until:
            return False
        self._woken[turn.monitor] = (sight, time.monotonic() + _WOKEN_SECONDS)
        return True


def _wake(ctx: Context, *, endpoint: str, names: list[str]) -> None:
    """Mark the windows in which something came since the last time, and wake whoever has something to do."""
    now = ctx.now()
    watching = store.names_watching(ctx.tx, {endpoint}).get(endpoint, []) if endpoint else names
    turns = store.turns(ctx.tx, *watching) if watching else {}
    # Taken before anybody looks: what comes from here on is found by the next one.
    span = counts.take(ctx.tx, endpoint) if endpoint else None
    for name in watching:
        if span is not None:
            _mark(ctx, monitors.one(ctx.tx, name), turns[name], span, now)
        if name in turns and (name in names or store.due(ctx.tx, now, name, limit=1)):
            wake(ctx, turns[name])


def _has_version(monitor: Monitor, turn: MonitorTurn, newest: int, now: datetime) -> bool:
    """Tell whether a dataset has a version that was not planned for, or its moment has come."""
    if isinstance(monitor.schedule, CronRule):
        return is_moment(turn, monitor.schedule, now)
    return newest != (turn.goal or 0)


def _mark(
    ctx: Context, monitor: Monitor, turn: MonitorTurn, span: tuple[datetime, datetime], now: datetime
) -> None:
    later = now + timedelta(seconds=float(monitor.debounce))
    if isinstance(monitor.schedule, CronRule) and turn.next_at is not None:
        later = turn.next_at
    store.mark(ctx.tx, monitor.name, span, now, later)
    if turn.since is not None and span[0] < turn.since and monitor.window and monitor.window.calendar:
        _add_earlier(ctx, monitor, span, turn.since, now)


def _add_earlier(
    ctx: Context, monitor: Monitor, span: tuple[datetime, datetime], since: datetime, now: datetime
) -> None:
    """Have windows looked at that ended before anything of them was there; the newest, as of missed ones."""
    rule = monitor.window
    assert rule is not None  # noqa: S101 - who calls has looked
    found: list[TimeSpan] = []
    moment = min(span[1], since - timedelta(microseconds=1))
    while moment >= span[0] and len(found) <= monitor.make_up:
        found.append(containing(rule, moment))
        moment = found[-1].start - timedelta(microseconds=1)
    store.add(ctx.tx, monitor.name, found, now)
