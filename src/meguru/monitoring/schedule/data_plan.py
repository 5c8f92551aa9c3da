"""What a monitor of a dataset has to look at: new versions, or windows of the event time of the newest."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise

import msgspec
from sqlalchemy import Connection

from meguru.datasets import store as datasets
from meguru.datasets.frames import columns_of
from meguru.datasets.types import DatasetVersion
from meguru.monitoring.dataset_window import newest_version, times_of
from meguru.monitoring.schedule.calendar_windows import TimeSpan, back
from meguru.monitoring.schedule.plan import EARLIEST, WindowPlan, by_calendar, is_moment
from meguru.monitoring.schedule.rules import CronRule
from meguru.monitoring.schedule.store import MonitorTurn
from meguru.monitoring.schedule.watermark import missing_parts
from meguru.monitoring.types import Monitor
from meguru.storage.blobs import BlobStore

_TICK = timedelta(microseconds=1)


def plan_data(
    tx: Connection, blobs: BlobStore, monitor: Monitor, turn: MonitorTurn, now: datetime
) -> WindowPlan:
    """Return what a monitor of a dataset has to look at by now; nothing is written.

    `goal` is the newest version that was planned for.
    """
    same = WindowPlan(since=turn.since, goal=turn.goal, next_at=turn.next_at)
    if isinstance(monitor.schedule, CronRule):
        if not is_moment(turn, monitor.schedule, now):
            return same
        same = msgspec.structs.replace(same, next_at=monitor.schedule.following(now))
    newest = newest_version(tx, monitor.dataset)
    if newest is None:
        return same
    if monitor.window is None:
        return _by_version(tx, monitor, same, newest)
    seen = _event_times(blobs, newest, now)
    if seen is None:
        return msgspec.structs.replace(same, goal=newest.version)
    first, world = seen
    planned = by_calendar(monitor, same, max(turn.since or first, EARLIEST), world, now)
    touched = None
    if turn.goal is not None and newest.version != turn.goal and turn.since is not None:
        touched = TimeSpan(back(monitor.window, world, monitor.make_up), world)
    return msgspec.structs.replace(planned, goal=newest.version, touched=touched)


def missing_dataset_parts(
    tx: Connection, blobs: BlobStore, monitor: Monitor, end: datetime, now: datetime
) -> dict[str, str]:
    """Return what a window of a dataset's event time still lacks."""
    newest = newest_version(tx, monitor.dataset)
    seen = _event_times(blobs, newest, now) if newest else None
    return missing_parts(monitor, end, seen[1] if seen else None, 0, 0)


def _by_version(tx: Connection, monitor: Monitor, same: WindowPlan, newest: DatasetVersion) -> WindowPlan:
    known = same.goal or 0
    first = max(known + 1, newest.version - monitor.make_up, 2)
    wanted = [datasets.get(tx, monitor.dataset, number) for number in range(first - 1, newest.version + 1)]
    spans = [
        TimeSpan(before.created_at, max(after.created_at, before.created_at + _TICK))
        for before, after in pairwise(wanted)
    ]
    skipped = max(first - max(known + 1, 2), 0)
    passed = TimeSpan(wanted[0].created_at, wanted[0].created_at) if skipped else None
    return msgspec.structs.replace(same, new=spans, goal=newest.version, passed=passed, passed_count=skipped)


def _event_times(
    blobs: BlobStore, version: DatasetVersion, now: datetime
) -> tuple[datetime, datetime] | None:
    """Return the first and the last event time of a version that are not in the future."""
    # One column alone: all rows of the newest version need not fit into memory to learn when they end.
    named = [version.event_time] if version.event_time else []
    times = times_of(columns_of(blobs, version, named), version).drop_nulls()
    first, last = times.min(), times.max()
    if not isinstance(first, datetime) or not isinstance(last, datetime):
        return None
    return min(first, now), min(last, now)
