"""Prove that nobody changed the log."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, String, select, type_coerce

from meguru.base.timestamps import read_time
from meguru.kernel.event import ChainVerdict, Event
from meguru.kernel.events.append import START, chain_hash, edges_of
from meguru.kernel.events.schema import edge, event, event_head
from meguru.storage.db import Json, UtcTime

_BATCH = 2000
# Read as bare text: an entry that no longer parses is a finding, not a crash of the query.
_COLUMNS = [
    type_coerce(column, String).label(column.name) if isinstance(column.type, Json | UtcTime) else column
    for column in event.c
]


def verify(tx: Connection, *, expect: str = "") -> ChainVerdict:
    """Walk the whole chain; stop at the first entry that was changed, removed, moved or added.

    The lineage edges are compared with what the events tell of them. A new history with all its hashes shows
    only to whoever kept an earlier `head` elsewhere: `expect` it, and it must be the hash of an entry.
    """
    edges: dict[tuple[str, str], tuple[int, bool]] = {}
    query = select(*_COLUMNS).order_by(event.c.seq)
    with tx.execute(query, execution_options={"yield_per": _BATCH}) as rows:
        found = _walk(rows, edges)
    if not found.intact:
        return found
    # A chain whose end was cut off is whole in itself: only the head row tells how long it was.
    last = tx.execute(select(event_head.c.seq, event_head.c.hash)).first()
    written = (last.seq, last.hash) if last is not None else (0, START)
    if written != (found.checked, found.head):
        why = f"the log ends at {found.checked}, but {written[0]} entries were written: the tail was removed"
        return ChainVerdict(intact=False, checked=found.checked, seq=found.checked + 1, why=why)
    if fault := _edge_fault(tx, edges):
        seq, why = fault
        return ChainVerdict(intact=False, checked=found.checked, head=found.head, seq=seq, why=why)
    if expect and expect != START and not _has_hash(tx, expect):
        why = "no entry has the hash that you expect: the history was replaced, or its end was cut off"
        return ChainVerdict(intact=False, checked=found.checked, head=found.head, why=why)
    return found


def _has_hash(tx: Connection, expect: str) -> bool:
    return tx.execute(select(event.c.seq).where(event.c.hash == expect).limit(1)).first() is not None


def _edge_fault(tx: Connection, wanted: dict[tuple[str, str], tuple[int, bool]]) -> tuple[int, str] | None:
    with tx.execute(select(edge), execution_options={"yield_per": _BATCH}) as rows:
        for row in rows:
            seq, claimed = wanted.pop((row.source, row.target), (0, False))
            if seq != row.event_seq:
                return row.event_seq, f"its event tells of no edge {row.source} → {row.target}"
            if claimed != row.claimed:
                told, kept = ("claims", "proved") if claimed else ("proves", "claimed")
                return seq, f"its event {told} the edge {row.source} → {row.target}, which is kept as {kept}"
    for (source, target), (seq, _) in wanted.items():
        return seq, f"the edge {source} → {target} of this event was removed"
    return None


def _walk(rows: Iterable[Row[Any]], edges: dict[tuple[str, str], tuple[int, bool]]) -> ChainVerdict:
    previous, seq = START, 0
    for row in rows:
        try:
            item = _read(row)
            fault = _fault(item.seq, seq + 1, item.previous, previous, item.hash, chain_hash(item))
        except (ValueError, TypeError, msgspec.MsgspecError) as error:
            why = f"the entry can't be read: {error}"
            return ChainVerdict(intact=False, checked=seq, seq=row.seq, event=str(row.id), why=why)
        # Each hash covers the one before it: behind the first fault, nothing can be said of any entry.
        if fault:
            return ChainVerdict(intact=False, checked=seq, seq=item.seq, event=item.id, why=fault)
        previous, seq = item.hash, item.seq
        for pair, claimed in edges_of(item).items():
            if pair not in edges or (edges[pair][1] and not claimed):
                edges[pair] = seq, claimed
    return ChainVerdict(intact=True, checked=seq, head=previous)


def _read(row: Row[Any]) -> Event:
    fields = dict(row._mapping)
    fields["at"] = read_time(fields["at"])
    for name in ("data", "used", "produced"):
        fields[name] = msgspec.json.decode(fields[name])
    fields["used"], fields["produced"] = tuple(fields["used"]), tuple(fields["produced"])
    return Event(**fields)


def _fault(seq: int, wanted: int, previous: str, before: str, stored: str, computed: str) -> str:
    if seq != wanted:
        return f"entry {wanted} is missing"
    if previous != before:
        return "it does not continue the entry before it: one of the two was replaced"
    if stored != computed:
        return "its content does not have the hash that was stored with it: it was changed"
    return ""
