"""The watermark of an endpoint: how far its event time has come, and whether a window is complete by it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from meguru.predictions.counts import Arrivals

if TYPE_CHECKING:
    from meguru.monitoring.types import Monitor


_TICK = timedelta(microseconds=1)
"""A window of rows ends so long after its last row."""


def watermark(arrived: Arrivals, now: datetime, quiet: float) -> datetime | None:
    """Return how far event time has come at an endpoint; None if nothing ever came.

    It is the latest event time of a prediction, or the latest moment at which an outcome became known. When
    nothing has come for `quiet` seconds it goes on by the clock. It is never in the future: one row with a
    wrong time must not end all windows.
    """
    seen = max((each for each in (arrived.last_time, arrived.known_until) if each), default=None)
    if seen is None:
        return None
    # Idleness, as stream processors know it: without new data event time would stand still, and the last
    # window would never end.
    silence = now - arrived.arrived_at if arrived.arrived_at else timedelta(0)
    if silence.total_seconds() >= quiet:
        seen += max(silence, timedelta(0))
    return min(seen, now)


def event_end(monitor: Monitor, end: datetime) -> datetime:
    """Return the event time at which a window is over: one of rows is with its last row."""
    return end - _TICK if monitor.window and monitor.window.rows else end


def rows_deadline(monitor: Monitor, end: datetime) -> datetime:
    """Return the event time from which no more rows of a window are waited for."""
    return end + timedelta(seconds=float(monitor.complete.lateness))


def outcomes_deadline(monitor: Monitor, end: datetime) -> datetime:
    """Return the event time from which nothing of a window is waited for any more, neither outcomes."""
    rule = monitor.complete
    return end + timedelta(seconds=max(float(rule.lateness), float(rule.label_delay)))


def evaluation_time(monitor: Monitor, end: datetime) -> datetime:
    """Return the event time from which it makes sense to look at a window: its outcomes may suffice."""
    return end + evaluation_delay(monitor)


def evaluation_delay(monitor: Monitor) -> timedelta:
    """Return how far event time must be beyond the end of a window that is looked at."""
    rule = monitor.complete
    return timedelta(
        seconds=float(rule.lateness) if rule.coverage else max(float(rule.lateness), float(rule.label_delay))
    )


def is_full(monitor: Monitor, end: datetime, world: datetime, rows: int, outcomes: int) -> bool:
    """Tell whether nothing of a window is waited for any more; it may still be partial."""
    end = event_end(monitor, end)
    enough = bool(rows) and outcomes >= monitor.complete.coverage * rows
    return world >= (evaluation_time(monitor, end) if enough else outcomes_deadline(monitor, end))


def missing_parts(
    monitor: Monitor, end: datetime, world: datetime | None, rows: int, outcomes: int
) -> dict[str, str]:
    """Return what a window still lacks, in words; empty when it is full."""
    rule, end = monitor.complete, event_end(monitor, end)
    found: dict[str, str] = {}
    if world is None or world < rows_deadline(monitor, end):
        until = f"rows have come until {world:%Y-%m-%d %H:%M} UTC only" if world else "no row has come"
        found["rows"] = f"the window is not full: {until}"
    if rule.coverage and outcomes < rule.coverage * rows:
        known = outcomes / rows if rows else 0.0
        found["outcomes"] = f"{known:.0%} of the outcomes are known, and {rule.coverage:.0%} are asked for"
    elif (
        not rule.coverage and rule.label_delay and (world is None or world < outcomes_deadline(monitor, end))
    ):
        found["outcomes"] = f"outcomes may come until {outcomes_deadline(monitor, end):%Y-%m-%d %H:%M} UTC"
    return found
