"""Where the events are in the log: its Merkle tree of then, signed, and the way from each event to it."""

from __future__ import annotations

from meguru.audit.checkpoints import store
from meguru.audit.checkpoints.heads import grown
from meguru.evidence.parts.source import GatheredPart, PackSource, json_file
from meguru.evidence.types import LOG, LogHead
from meguru.kernel.event import Event
from meguru.kernel.events.walk import hashes
from meguru.signing import merkle
from meguru.signing.checkpoint import TreeHead
from meguru.signing.keys import SigningKey

MAX_EVENTS, MAX_PROVED_LOG = 3_000_000, 50_000
"""Of a longer log nothing is proved here; up to the second, each event is, else the release's own."""


def gather(source: PackSource, events: list[Event], head: LogHead, key: SigningKey) -> GatheredPart:
    """Return the proofs, and that the last checkpoint that was written elsewhere is this log's beginning."""
    if head.seq > MAX_EVENTS:
        return GatheredPart()
    tx, newest = source.ctx.tx, store.newest_head(source.ctx.tx)
    tree = grown(tx)
    origin = newest.origin if newest else f"meguru/log/{source.first_hash[:20]}"
    note = TreeHead(origin=origin, size=tree.size, root=tree.root, at=source.at).signed(key).written
    own = [event.seq for event in events if head.seq <= MAX_PROVED_LOG or event.subject == source.release.ref]
    ways = {seq: merkle.inclusion_ranges(seq - 1, tree.size) for seq in own}
    kept = merkle.consistency_ranges(newest.size, tree.size) if newest and newest.size else []
    # Proofs of neighbours share most of their ranges: each is hashed once.
    made = {
        span: merkle.root_of(hashes(tx, *span)).hex()
        for span in {each for way in ways.values() for each in way} | set(kept)
    }
    value = {
        "checkpoint": note,
        "proofs": {str(seq): [made[span] for span in way] for seq, way in ways.items()},
        "published": newest.note if newest and newest.size else "",
        "consistency": [made[span] for span in kept],
    }
    keys = [newest.key] if newest and newest.size else []
    return GatheredPart(files=[json_file(LOG, value)], keys=keys)
