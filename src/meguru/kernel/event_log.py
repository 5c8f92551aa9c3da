"""The one way into the event log: append an event in the transaction of the change it tells of.

It imports no SQLAlchemy: `meguru.kernel.events` offers the same functions on a transaction of SQLAlchemy.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import msgspec

from meguru.base import digests
from meguru.base.ids import new_id
from meguru.kernel.event import CLAIMED, Event
from meguru.kernel.kinds.event_types import check
from meguru.storage import struct_rows
from meguru.storage.statements import Statements

START = "0" * 64
_CLAIMING = frozenset({"run.start", "run.finish"})
"""Operations that took a client's word before claims were marked: their old events tell only claims."""
_HOLD_HEAD = "SELECT seq, hash FROM event_head"


def append(
    sql: Statements,
    *,
    type: str,
    at: datetime,
    actor: str,
    operation: str,
    subject: str,
    project: str = "",
    cause: str | None = None,
    data: Mapping[str, Any] | None = None,
    used: Iterable[str] = (),
    produced: Iterable[str] = (),
    claimed: Iterable[str] = (),
) -> Event:
    """Append one event; the head row orders writers, so the chain has no gap and no fork.

    `claimed` are those of `used` and `produced` for which there is only a client's word. It stands in the
    event's data, so the chain covers it.

    Raises
    ------
    InternalError
        If no loaded kind declares events of this type, or the data is not of its payload.
    """
    # Hashed is what a reader gets back: data as JSON spells it, not as the caller's types did.
    plain = msgspec.json.decode(digests.canonical(dict(data or {})))
    check(type, plain)
    # From here on nobody else can append before this transaction ends: numbers follow the order of commits,
    # and a reader that has seen a number will never find a smaller one later.
    seq, previous = lock(sql)
    draft = Event(
        seq=seq + 1,
        id=new_id("evt"),
        type=type,
        at=at,
        actor=actor,
        operation=operation,
        subject=subject,
        project=project,
        cause=cause,
        data=plain | ({CLAIMED: sorted(set(claimed))} if claimed else {}),
        used=tuple(dict.fromkeys(used)),
        produced=tuple(dict.fromkeys(produced)),
        previous=previous,
    )
    done = msgspec.structs.replace(draft, hash=chain_hash(draft))
    struct_rows.insert(sql, "event", done)
    sql.execute("UPDATE event_head SET seq = ?, hash = ?", (done.seq, done.hash))
    _add_edges(sql, done)
    return done


def chain_hash(item: Event) -> str:
    """Return the hash of an event: its fields without `hash`, `previous` among them."""
    body = msgspec.to_builtins(item)
    del body["hash"]
    if not item.project:
        del body["project"]  # events were hashed without it before there were projects
    return digests.of_value(body)


def lock(sql: Statements) -> tuple[int, str]:
    """Make this the only change of the workspace until its transaction ends.

    Returns
    -------
    The last event's number and hash.
    """
    # SQLite has one writer as it is; PostgreSQL's writers queue at this row.
    row = sql.execute(_HOLD_HEAD if sql.is_sqlite else f"{_HOLD_HEAD} FOR UPDATE").fetchone()
    if row is None:
        sql.execute("INSERT INTO event_head (id, seq, hash) VALUES (1, 0, ?)", (START,))
        return 0, START
    return row[0], row[1]


def edges_of(item: Event) -> dict[tuple[str, str], bool]:
    """Return the lineage edges that an event tells of, each with whether it is only claimed."""
    claimed = item.data.get(CLAIMED, (*item.used, *item.produced) if item.operation in _CLAIMING else ())
    return {
        (source, target): source in claimed or target in claimed
        for source in item.used
        for target in item.produced
        if source != target
    }


def _add_edges(sql: Statements, done: Event) -> None:
    # An edge is told of by the first event that proves it, or else by the first that claims it.
    if wanted := edges_of(done):
        sql.executemany(
            "INSERT INTO edge (source, target, event_seq, claimed) VALUES (?, ?, ?, ?) "
            "ON CONFLICT (source, target) DO UPDATE SET event_seq = excluded.event_seq, "
            "claimed = excluded.claimed WHERE edge.claimed AND NOT excluded.claimed",
            [(source, target, done.seq, claimed) for (source, target), claimed in sorted(wanted.items())],
        )
