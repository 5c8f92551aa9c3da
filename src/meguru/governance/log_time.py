"""What time it is for what people promised: that of the clock, unless the log is further."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from meguru.kernel import events


def log_time(tx: Connection, now: datetime) -> datetime:
    """Return the moment by which waivers are judged: `now`, or that of the newest event if it is later.

    A clock that was set back makes nothing valid again that had its time: the log says how late it is. What
    ended stays so, as its end is an event itself. A clock that was set forward ends things early; nothing
    brings them back, they are asked for anew.
    """
    newest = events.latest(tx)
    return now if newest is None else max(now, newest.at)
