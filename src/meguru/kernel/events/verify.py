"""Prove that nobody changed the log."""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection, select

from meguru.kernel.event import ChainVerdict
from meguru.kernel.event_log import START
from meguru.kernel.events import guards
from meguru.kernel.events.schema import edge, event, event_head
from meguru.kernel.events.walk import Edges, LogWalk, walk

_BATCH = 2000


def verify(tx: Connection, *, expect: str = "") -> ChainVerdict:
    """Walk the whole chain; stop at the first entry that was changed, removed, moved or added.

    The lineage edges are compared with what the events tell of them. A new history with all its hashes shows
    only to whoever kept an earlier `head` elsewhere: `expect` it, and it must be the hash of an entry.
    """
    return judge(tx, walk(tx), expect=expect)


def judge(tx: Connection, walked: LogWalk, *, expect: str = "") -> ChainVerdict:
    """Return what is to be said of a log that was gone through: its chain, its end and its lineage."""
    return msgspec.structs.replace(
        _judged(tx, walked, expect),
        steps=walked.steps,
        steps_back=walked.steps_back,
        unguarded=guards.missing(tx),
    )


def _judged(tx: Connection, walked: LogWalk, expect: str) -> ChainVerdict:
    found = walked.verdict
    if not found.intact:
        return found
    # A chain whose end was cut off is whole in itself: only the head row tells how long it was.
    last = tx.execute(select(event_head.c.seq, event_head.c.hash)).first()
    written = (last.seq, last.hash) if last is not None else (0, START)
    if written != (found.checked, found.head):
        why = f"the log ends at {found.checked}, but {written[0]} entries were written: the tail was removed"
        return ChainVerdict(intact=False, checked=found.checked, seq=found.checked + 1, why=why)
    if fault := _edge_fault(tx, walked.edges):
        seq, why = fault
        return ChainVerdict(intact=False, checked=found.checked, head=found.head, seq=seq, why=why)
    # Any entry will do, not only the last: whoever wrote a head down did so some time ago.
    if expect and expect != START and not _has_hash(tx, expect):
        why = "no entry has the hash that you expect: the history was replaced, or its end was cut off"
        return ChainVerdict(intact=False, checked=found.checked, head=found.head, why=why)
    return found


def _has_hash(tx: Connection, expect: str) -> bool:
    return tx.execute(select(event.c.seq).where(event.c.hash == expect).limit(1)).first() is not None


def _edge_fault(tx: Connection, wanted: Edges) -> tuple[int, str] | None:
    with tx.execute(select(edge), execution_options={"yield_per": _BATCH}) as rows:
        for row in rows:
            # What is left in `wanted` at the end was removed from the table.
            seq, claimed = wanted.pop((row.source, row.target), (0, False))
            if seq != row.event_seq:
                return row.event_seq, f"its event tells of no edge {row.source} → {row.target}"
            if claimed != row.claimed:
                told, kept = ("claims", "proved") if claimed else ("proves", "claimed")
                return seq, f"its event {told} the edge {row.source} → {row.target}, which is kept as {kept}"
    for (source, target), (seq, _) in wanted.items():
        return seq, f"the edge {source} → {target} of this event was removed"
    return None
