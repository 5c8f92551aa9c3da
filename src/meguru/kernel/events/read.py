"""Read the log by cursor, and wait for what comes next."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from functools import partial
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Row, func, select, true, union_all

from meguru.errors import NotFound
from meguru.kernel.event import Event
from meguru.kernel.events.schema import event
from meguru.kernel.events.watch import LogDelta, Wakes
from meguru.storage.db.raw import RawSql

if TYPE_CHECKING:
    from meguru.kernel.workspace import Workspace

# By type, not by row: a process that was asleep may find a hundred thousand new events.
HEAD = "SELECT seq FROM event_head"
_NEWEST_OF_TYPES = "SELECT type, max(seq), count(*) FROM event WHERE seq > ? GROUP BY type"


def read(
    tx: Connection,
    *,
    after: int = 0,
    before: int | None = None,
    limit: int = 100,
    types: Iterable[str] = (),
    subject: str = "",
    newest_first: bool = False,
    projects: AbstractSet[str] | None = None,
) -> list[Event]:
    """Return events with ``after < seq < before``, oldest first; empty when there are none (yet).

    With `projects`, only those about things of these.
    """
    query = select(event).where(event.c.seq > after).limit(limit)
    if projects is not None:
        query = query.where(event.c.project.in_(projects))
    if before is not None:
        query = query.where(event.c.seq < before)
    if wanted := list(types):
        query = query.where(event.c.type.in_(wanted))
    if subject:
        query = query.where(event.c.subject == subject)
    query = query.order_by(event.c.seq.desc() if newest_first else event.c.seq)
    return [from_row(row) for row in tx.execute(query)]


def latest_by_subject(
    tx: Connection, types: Iterable[str], *, limit: int, projects: AbstractSet[str] | None = None
) -> list[Event]:
    """Return the newest events of each of some types that are the last ones about their subjects.

    At most `limit` of each type are looked at. One statement, however many types there are.
    """
    # One LIMIT within each branch of the UNION: each is then a few steps on the index (type, seq), where a
    # window function (row_number) would read all events of these types.
    here = true() if projects is None else event.c.project.in_(projects)
    of_type = select(event.c.seq).where(here).order_by(event.c.seq.desc()).limit(limit)
    each = [of_type.where(event.c.type == name).subquery() for name in sorted(set(types))]
    if not each:
        return []
    newest = union_all(*(select(some.c.seq) for some in each))
    later = event.alias("later")
    more = select(later.c.seq).where(later.c.subject == event.c.subject, later.c.seq > event.c.seq)
    if projects is not None:
        more = more.where(later.c.project.in_(projects))
    query = select(event).where(event.c.seq.in_(newest), ~more.exists())
    return [from_row(row) for row in tx.execute(query.order_by(event.c.seq.desc()))]


def get(tx: Connection, event_id: str) -> Event:
    """Return the event with this id; NotFound if there is none."""
    row = tx.execute(select(event).where(event.c.id == event_id)).first()
    if row is None:
        raise NotFound.of("event", event_id)
    return from_row(row)


def project_of(tx: Connection, event_id: str) -> str | None:
    """Return the project of an event, which is its subject's; None if there is no such event."""
    return tx.execute(select(event.c.project).where(event.c.id == event_id)).scalar()


def latest(tx: Connection, *, subject: str = "", types: Iterable[str] = ()) -> Event | None:
    """Return the newest event about a subject; None if there is none."""
    events = read(tx, subject=subject, types=types, limit=1, newest_first=True)
    return events[0] if events else None


def head(tx: Connection, projects: AbstractSet[str] | None = None) -> int:
    """Return the number of the last event, of these projects (None: of all); 0 if there is none."""
    if projects is not None:
        query = select(func.max(event.c.seq)).where(event.c.project.in_(projects))
        return tx.execute(query).scalar() or 0
    row = RawSql(tx).execute(HEAD).fetchone()  # asked by every page and every wait
    return row[0] if row else 0


def wait(
    ws: Workspace,
    *,
    after: int,
    timeout: float,
    wakes: Wakes | None = None,
    stop: threading.Event | None = None,
) -> int:
    """Block until an event newer than `after` is committed, by whatever process; return the head.

    A commit of this process wakes at once, one of another process within 0.1 s. Returns the unchanged head
    when `timeout` seconds pass without one; while the process drains it returns early.

    Parameters
    ----------
    ws
        Whose log it is.
    after
        The last event that the caller knows.
    timeout
        In seconds.
    wakes
        Whether an event of a type concerns the caller; others don't wake it, and if none did, `after` is
        returned. What happened before this process first polled wakes whatever its type.
    stop
        Ends the wait when it is set and `ws.notify()` was called after that.
    """
    return ws.watch.wait(partial(_poll, ws), after=after, timeout=timeout, wakes=wakes, stop=stop)


def wait_for_notification(ws: Workspace, channel: str, *, seen: int, timeout: float) -> None:
    """Block until a channel was notified more than `seen` times, or another process has committed events."""
    ws.watch.wait_for_notification(partial(_poll, ws), channel, seen=seen, timeout=timeout)


def types_between(tx: Connection, after: int, until: int) -> list[str]:
    """Return the types of the events with ``after < seq <= until``."""
    query = select(event.c.type).where(event.c.seq > after, event.c.seq <= until).distinct()
    return sorted(tx.execute(query).scalars())


def _poll(ws: Workspace, after: int | None) -> LogDelta:
    with ws.read() as tx:
        if after is None:
            return LogDelta(head(tx))
        rows = RawSql(tx).execute(_NEWEST_OF_TYPES, (after,)).fetchall()
    newest = {kind: seq for kind, seq, _ in rows}
    return LogDelta(max(newest.values(), default=after), sum(count for *_, count in rows), newest)


def from_row(row: Row[Any]) -> Event:
    """Make an event of its row."""
    fields = dict(row._mapping)
    fields["used"], fields["produced"] = tuple(fields["used"]), tuple(fields["produced"])
    return Event(**fields)
