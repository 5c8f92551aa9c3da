"""What time it is for what people promised: a clock that was set back makes nothing younger."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, func, select

from meguru.kernel.events.schema import event

NEWEST = 1000
TOLERATED = timedelta(seconds=5)
"""Clocks of several servers differ by so much."""


def log_time(tx: Connection, now: datetime) -> datetime:
    """Return the moment by which approvals, waivers and the like are judged.

    A clock that was set back makes nothing valid again that had its time: the log says how late it is, and
    what ended stays so, as its end is an event itself. A clock that was set forward ends things early;
    nothing brings them back, they are asked for anew.
    """
    return log_clock(tx, now)[0]


def log_clock(tx: Connection, now: datetime) -> tuple[datetime, str]:
    """Return the later one of a clock's time and that of the newest events, and what is wrong with the clock.

    The second is empty when nothing is. What happened is in the order of the log, so that nothing that comes
    after an event is before it, whatever a clock says.
    """
    # Some of the newest, not the newest one: of two servers, the one whose clock is behind may have written
    # last.
    newest = select(event.c.at).order_by(event.c.seq.desc()).limit(NEWEST).subquery()
    last = tx.execute(select(func.max(newest.c.at))).scalar()
    if last is None or last - now <= TOLERATED:
        return max(now, last) if last else now, ""
    behind = str(last - now).partition(".")[0]
    return last, f"the server's clock is {behind} behind the event log: the log's time counts"
