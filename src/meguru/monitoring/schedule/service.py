"""The scheduler of monitors.

It reads what arrived and who waits for what, every two seconds and whenever outcomes come, and wakes the
jobs of the monitors that have something to look at. It decides nothing that the rows don't say: several
servers run one each, and a job is done by one worker at a time.
"""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from functools import partial

from meguru.kernel import events
from meguru.kernel.operations import Context, InternalOperation
from meguru.kernel.services import Follower
from meguru.kernel.workspace import Workspace
from meguru.monitoring import store as monitors
from meguru.monitoring.kind import MONITOR
from meguru.monitoring.schedule import store
from meguru.monitoring.schedule.begin import wake
from meguru.monitoring.schedule.calendar_windows import TimeSpan, containing
from meguru.monitoring.schedule.pending_work import (
    ScheduleSnapshot,
    active_monitors,
    is_due,
    is_late,
    read_snapshot,
)
from meguru.monitoring.schedule.rules import CronRule
from meguru.monitoring.schedule.store import MonitorTurn
from meguru.monitoring.types import Monitor
from meguru.predictions import counts

IDLE_SECONDS, PACE_SECONDS = 2.0, 0.2
CHANGES = ("monitor.created", "monitor.updated", "monitor.retired", "endpoint.created", "endpoint.retired")
"""What changes which monitors look by themselves."""
_WAKE_AGAIN_SECONDS = 30.0
"""A monitor that was woken and did not go on is not woken again at once."""
_SCHEDULE = InternalOperation(MONITOR, "schedule")


class MonitorScheduler(Follower):
    """Wakes monitors whose windows are complete, and marks windows with late data for re-evaluation."""

    name = "monitors"
    pace = PACE_SECONDS

    def __init__(self, ws: Workspace) -> None:
        super().__init__(ws)
        self._monitors: list[Monitor] = []
        self._known = -1
        self._woken: dict[str, tuple[object, float]] = {}

    def wakes(self, type: str) -> bool:
        """Tell whether an event can fill a window, or changes who looks."""
        return type in {"outcomes.recorded", "dataset_version.created"} or type in CHANGES

    def rest(self) -> float:
        """Return the seconds to the next window that is to be looked at again."""
        if not self._monitors:
            return self.idle
        now = self.ws.clock.now()
        with self.ws.read() as tx:
            following = store.next_due(tx, now)
        if following is None:
            return IDLE_SECONDS
        return min(IDLE_SECONDS, max(0.0, (following - now).total_seconds()))

    def step(self) -> int:
        """Wake everybody who has something to look at by now; return how many were."""
        self._refresh()
        if not self._monitors:
            return 0
        with self.ws.read() as tx:
            sight = read_snapshot(tx, self._monitors, self.ws.clock.now())
        wanted: dict[str, list[str]] = {}
        for monitor in self._monitors:
            if is_late(monitor, sight) or (is_due(monitor, sight) and self._is_news(monitor, sight)):
                wanted.setdefault(monitor.endpoint, []).append(monitor.name)
        for endpoint, names in wanted.items():
            _SCHEDULE.commit(self.ws, partial(_wake, endpoint=endpoint, names=names))
        return sum(map(len, wanted.values()))

    def _refresh(self) -> None:
        """Read who looks by themselves, if that changed."""
        with self.ws.read() as tx:
            # One query a type: each is one step in the index, however long the log is.
            newest = [events.latest(tx, types=(each,)) for each in CHANGES]
            seq = max((event.seq for event in newest if event), default=0)
            if seq != self._known:
                self._monitors, self._known = active_monitors(tx), seq

    def _is_news(self, monitor: Monitor, sight: ScheduleSnapshot) -> bool:
        """Tell whether a monitor was not woken for the same just now."""
        came = sight.arrived.get(monitor.endpoint)
        counted = (came.requests, came.outcomes) if came else sight.versions.get(monitor.dataset)
        seen = (sight.turns[monitor.name], monitor.name in sight.due, counted)
        before, until = self._woken.get(monitor.name, (None, 0.0))
        # By the monotonic clock: one that is set back would silence a monitor for as long.
        if before == seen and time.monotonic() < until:
            return False
        self._woken[monitor.name] = (seen, time.monotonic() + _WAKE_AGAIN_SECONDS)
        return True


def _wake(ctx: Context, *, endpoint: str, names: list[str]) -> None:
    """Mark the windows in which something came since the last time, and wake whoever has something to do."""
    now = ctx.now()
    found = store.names_watching(ctx.tx, {endpoint}).get(endpoint, []) if endpoint else names
    turns = store.turns(ctx.tx, *found) if found else {}
    # Taken before anybody looks: what comes from here on is marked by the next one, never lost in between.
    span = counts.take_touched_span(ctx.tx, endpoint) if endpoint else None
    for name in found:
        if span is not None:
            _mark(ctx, monitors.one(ctx.tx, name), turns[name], span, now)
        if name in turns and (name in names or store.due(ctx.tx, now, name, limit=1)):
            wake(ctx, turns[name])


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
    spans: list[TimeSpan] = []
    moment = min(span[1], since - timedelta(microseconds=1))
    while moment >= span[0] and len(spans) <= monitor.make_up:
        spans.append(containing(rule, moment))
        moment = spans[-1].start - timedelta(microseconds=1)
    store.add(ctx.tx, monitor.name, spans, now)
