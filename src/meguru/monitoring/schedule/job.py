"""The job of a scheduled monitor: plan its windows, evaluate those that are due, park."""

from __future__ import annotations

import logging
import math
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from meguru.base import refs
from meguru.base.library_errors import kind_and_reason
from meguru.errors import Busy, Interrupted, LostLease, MeguruError
from meguru.kernel.jobs import Job, Lease, Parked, queue
from meguru.kernel.operations import Context, InternalOperation
from meguru.kernel.principals import system
from meguru.kernel.workspace import Workspace
from meguru.monitoring import store as monitors
from meguru.monitoring.cells.row_counts import counted
from meguru.monitoring.kind import MONITOR
from meguru.monitoring.run import make_report, store_report
from meguru.monitoring.schedule import store
from meguru.monitoring.schedule.data_plan import plan_data
from meguru.monitoring.schedule.plan import WindowPlan, plan_windows
from meguru.monitoring.schedule.rules import CronRule
from meguru.monitoring.schedule.store import KnownWindow
from meguru.monitoring.schedule.watermark import is_full, outcomes_deadline, watermark
from meguru.monitoring.types import Monitor, Report
from meguru.predictions import counts

log = logging.getLogger(__name__)
RETRY_SECONDS, MAX_RETRY_SECONDS = 60.0, 86400.0
"""A look that failed is tried again after so long, then after twice as long, and so on."""
_EVALUATE = InternalOperation(MONITOR, "evaluate")


class MonitorHandler:
    """Evaluates the windows of one monitor; killed in between, another attempt goes on with the rest."""

    def run(self, ws: Workspace, job: Job, lease: Lease) -> None:
        """Look at everything that is due, then park the job."""
        _MonitorRun(ws, job, lease).run()

    def abandon(self, ws: Workspace, job: Job, why: str) -> None:
        """Let another job follow, later: a monitor must not be blind for ever."""
        name = job.payload["monitor"]

        def follow(ctx: Context) -> None:
            turn = store.turns(ctx.tx, name).get(name)
            # Of an earlier turn: another job has followed it already.
            if turn is None or job.key != f"{name}#{turn.turn}":
                return
            store.set_turn(ctx.tx, name, turn=turn.turn + 1)
            for window in store.windows(ctx.tx, name, 100, due=True):
                store.record_look(ctx.tx, window, _retry_later(ctx, window, why))

        _EVALUATE.commit(ws, follow)


HANDLER = MonitorHandler()


class _MonitorRun:
    """One attempt. All state is in the tables, and read again at each step."""

    def __init__(self, ws: Workspace, job: Job, lease: Lease) -> None:
        self.job, self.lease, self.name = job, lease, str(job.payload["monitor"])
        self.parked = False
        self.ready_at: datetime | None = None
        self.ws = ws.with_(principal=system(refs.make("monitor", self.name)))

    def run(self) -> None:
        """Work until nothing is due."""
        while True:
            self.lease.raise_if_stopped()
            self._plan()
            while (window := self._next()) is not None:
                self.lease.raise_if_stopped()
                self._evaluate(window)
            self.lease.commit(self.ws, _EVALUATE, self._park)
            if self.parked:
                raise Parked

    def _plan(self) -> None:
        now = self.ws.clock.now()
        with self.ws.read() as tx:
            monitor, turn = monitors.find(tx, self.name), store.turns(tx, self.name).get(self.name)
            if monitor is None or turn is None:
                return
            try:
                planned = (
                    plan_data(tx, self.ws.blobs, monitor, turn, now)
                    if monitor.dataset
                    else plan_windows(tx, monitor, turn, now)
                )
            except MeguruError as error:
                # Such data can't be cut into windows; the next version may be.
                log.warning("monitor %s has no windows: %s", self.name, error)
                newest = store.newest_versions(tx, {monitor.dataset}).get(monitor.dataset, 0)
                planned = WindowPlan(since=turn.since, goal=newest, next_at=turn.next_at)
        # Fenced: a worker whose lease ran out while it planned writes nothing.
        self.ready_at = planned.ready_at
        self.lease.commit(self.ws, _EVALUATE, lambda ctx: self._save_plan(ctx, monitor, planned))

    def _save_plan(self, ctx: Context, monitor: Monitor, planned: WindowPlan) -> None:
        # Declared otherwise meanwhile: what was planned is of other windows. The next look plans anew.
        if monitors.find(ctx.tx, self.name) != monitor:
            return
        now = ctx.now()
        if planned.touched is not None:
            later = now + timedelta(seconds=float(monitor.debounce))
            store.mark(ctx.tx, self.name, planned.touched, now, later)
        store.add(ctx.tx, self.name, planned.new, now)
        self._stop_waiting(ctx, monitor, now)
        store.set_turn(ctx.tx, self.name, since=planned.since, goal=planned.goal, next_at=planned.next_at)
        if planned.passed is not None:
            first, last = planned.passed
            data = {
                "first": first,
                "last": last,
                "count": planned.passed_count,
                "made_up": len(planned.new),
            }
            ctx.emit("monitor.missed", monitor.ref, data=data)

    def _stop_waiting(self, ctx: Context, monitor: Monitor, now: datetime) -> None:
        """Have windows looked at whose outcomes may be enough by now, or are waited for no longer."""
        arrived = counts.arrivals(ctx.tx, monitor.endpoint).get(monitor.endpoint)
        turn = store.turns(ctx.tx, self.name)[self.name]
        world = watermark(arrived, now, float(monitor.complete.quiet)) if arrived else None
        if arrived is None or world is None or turn.outcomes_goal is None:
            return
        if arrived.outcomes >= turn.outcomes_goal:
            store.stop_waiting(ctx.tx, self.name, now)
            store.set_turn(ctx.tx, self.name, outcomes_goal=None)
        delay = outcomes_deadline(monitor, world) - world
        store.stop_waiting(ctx.tx, self.name, now, until=world - delay)

    def _next(self) -> KnownWindow | None:
        with self.ws.read() as tx:
            return next(iter(store.due(tx, self.ws.clock.now(), self.name, limit=1)), None)

    def _evaluate(self, window: KnownWindow) -> None:
        try:
            # All in a read transaction, which may take minutes: the report is computed there and committed
            # after it, so that no writer waits for a check.
            with self.ws.read() as tx:
                monitor = monitors.one(tx, self.name)
                now = self.ws.clock.now()
                goal = _outcomes_goal(tx, monitor, window, now)
                report = (
                    make_report(tx, self.ws.blobs, monitor, window.start, window.end, now)
                    if not goal
                    else None
                )
        except (OperationalError, Busy, MemoryError, Interrupted, LostLease):
            raise  # a trouble of ours, not the window's: the whole attempt is made again
        except Exception as error:
            log.warning("monitor %s could not look at %s", self.name, window.start, exc_info=True)
            why = str(error) if isinstance(error, MeguruError) else kind_and_reason(error)
            self.lease.commit(
                self.ws,
                _EVALUATE,
                lambda ctx: store.record_look(ctx.tx, window, _retry_later(ctx, window, why)),
            )
            return
        self.lease.commit(self.ws, _EVALUATE, lambda ctx: _save_result(ctx, monitor, window, report, goal))

    def _park(self, ctx: Context) -> None:
        # Asked while the job is locked: what was marked after the last look would else be slept over.
        if store.due(ctx.tx, ctx.now(), self.name, limit=1):
            return
        monitor, waiting = monitors.find(ctx.tx, self.name), store.first_waiting(ctx.tx, self.name)
        over = [outcomes_deadline(monitor, waiting)] if monitor and waiting else []
        deadline = min([*over, *([self.ready_at] if self.ready_at else [])], default=None)
        store.set_turn(ctx.tx, self.name, deadline=deadline)
        self.parked = queue.park(ctx.tx, self.job)


def _outcomes_goal(tx: Connection, monitor: Monitor, window: KnownWindow, now: datetime) -> int:
    """Return at how many outcomes of the endpoint a window may have enough; 0 when it waits for none."""
    dated = not isinstance(monitor.schedule, CronRule)
    if not (dated and monitor.complete.coverage and window.evaluated_at is None):
        return 0
    arrived = counts.arrivals(tx, monitor.endpoint).get(monitor.endpoint)
    world = watermark(arrived, now, float(monitor.complete.quiet)) if arrived else None
    rows, outcomes = counted(tx, monitor.endpoint, window.start, window.end)
    if arrived is None or world is None or is_full(monitor, window.end, world, rows, outcomes):
        return 0
    missing = math.ceil(monitor.complete.coverage * rows) - outcomes
    return arrived.outcomes + max(missing, 1)


def _save_result(
    ctx: Context, monitor: Monitor, window: KnownWindow, report: Report | None, goal: int
) -> None:
    if monitors.find(ctx.tx, monitor.name) != monitor:
        return  # declared otherwise while we looked: it is still due, and looked at by the new settings
    if report is None:
        before = store.turns(ctx.tx, monitor.name)[monitor.name].outcomes_goal
        store.set_turn(ctx.tx, monitor.name, outcomes_goal=goal if before is None else min(goal, before))
        store.record_look(ctx.tx, window, {"evaluations": window.evaluations})
        return
    kept = store_report(ctx, report)
    values: dict[str, Any] = {
        "evaluated_at": ctx.now(),
        "report": kept.id,
        "partial": bool(kept.partial),
        "error": None,
    }
    if kept.partial and isinstance(monitor.schedule, CronRule):
        turn = store.turns(ctx.tx, monitor.name)[monitor.name]
        values |= {"due_at": turn.next_at, "asked_at": ctx.now()}
    store.record_look(ctx.tx, window, values)


def _retry_later(ctx: Context, window: KnownWindow, why: str) -> dict[str, Any]:
    """Return what is written of a look that failed: it is tried again, after longer and longer pauses."""
    paused = (window.due_at - window.asked_at).total_seconds() if window.error and window.due_at else 0.0
    pause = min(MAX_RETRY_SECONDS, max(RETRY_SECONDS, 2 * paused))
    later = {"due_at": ctx.now() + timedelta(seconds=pause), "asked_at": ctx.now()}
    return later | {"error": why[:1000]}
