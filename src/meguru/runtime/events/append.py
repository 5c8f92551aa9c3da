"""Append an event in the transaction of the change it tells of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, insert, select, update

from meguru.base import digests
from meguru.base.ids import new_id
from meguru.runtime.events.schema import edge, event, event_head
from meguru.runtime.events.types import Event

START = "0" * 64
# Made once: SQLAlchemy takes longer to put them together than the database to carry them out.
_APPEND, _MOVE_HEAD = insert(event), update(event_head)
_HOLD_HEAD = select(event_head.c.seq, event_head.c.hash).with_for_update()


def append(
    tx: Connection,
    *,
    type: str,
    at: datetime,
    actor: str,
    operation: str,
    subject: str,
    cause: str | None = None,
    data: Mapping[str, Any] | None = None,
    used: Iterable[str] = (),
    produced: Iterable[str] = (),
) -> Event:
    """Append one event; the head row orders writers, so the chain has no gap and no fork."""
    seq, previous = lock(tx)
    draft = Event(
        seq=seq + 1,
        id=new_id("evt"),
        type=type,
        at=at,
        actor=actor,
        operation=operation,
        subject=subject,
        cause=cause,
        data=msgspec.json.decode(digests.canonical(dict(data or {}))),
        used=tuple(dict.fromkeys(used)),
        produced=tuple(dict.fromkeys(produced)),
        previous=previous,
    )
    done = msgspec.structs.replace(draft, hash=chain_hash(draft))
    tx.execute(_APPEND, msgspec.structs.asdict(done))
    tx.execute(_MOVE_HEAD, {"seq": done.seq, "hash": done.hash})
    _add_edges(tx, done)
    return done


def chain_hash(item: Event) -> str:
    """Return the hash of an event: its fields without `hash`, `previous` among them."""
    body = msgspec.to_builtins(item)
    del body["hash"]
    return digests.of_value(body)


def lock(tx: Connection) -> tuple[int, str]:
    """Make this the only change of the workspace until `tx` ends; return the last event's number and hash."""
    row = tx.execute(_HOLD_HEAD).first()
    if row is None:
        tx.execute(insert(event_head).values(id=1, seq=0, hash=START))
        return 0, START
    return row.seq, row.hash


def edges_of(item: Event) -> set[tuple[str, str]]:
    """Return the lineage edges that an event tells of."""
    return {(source, target) for source in item.used for target in item.produced if source != target}


def _add_edges(tx: Connection, done: Event) -> None:
    wanted = edges_of(done)
    if not wanted:
        return
    known = {
        (row.source, row.target)
        for row in tx.execute(select(edge.c.source, edge.c.target).where(edge.c.target.in_(done.produced)))
    }
    rows = [{"source": s, "target": t, "event_seq": done.seq} for s, t in sorted(wanted - known)]
    if rows:
        tx.execute(insert(edge), rows)
