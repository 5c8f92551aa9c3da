"""What time it is by the log: a clock that was set back makes nothing younger."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, func, select

from meguru.kernel.events.schema import event

NEWEST = 1000
TOLERATED = timedelta(seconds=5)
"""Clocks of several servers differ by so much."""


def log_time(tx: Connection, now: datetime) -> tuple[datetime, str]:
    """Return the later one of a clock's time and that of the newest events, and what is wrong with the clock.

    The second is empty when nothing is. What happened is in the order of the log, so that nothing that comes
    after an event is before it, whatever a clock says.
    """
    newest = select(event.c.at).order_by(event.c.seq.desc()).limit(NEWEST).subquery()
    last = tx.execute(select(func.max(newest.c.at))).scalar()
    if last is None or last - now <= TOLERATED:
        return max(now, last) if last else now, ""
    behind = str(last - now).partition(".")[0]
    return last, f"the server's clock is {behind} behind the event log: the log's time counts"
