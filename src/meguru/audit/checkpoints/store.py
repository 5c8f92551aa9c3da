"""SQL of checkpoints, on an open transaction."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, delete, insert, or_, select, update

from meguru.audit.checkpoints.kind import CheckpointSpec
from meguru.audit.checkpoints.schema import checkpoint, checkpoint_place, tree_head
from meguru.audit.checkpoints.types import KeptHead, PlaceState
from meguru.signing.merkle import MerkleFrontier

_HEAD = [tree_head.c[name] for name in KeptHead.__struct_fields__]
_PLACE = [checkpoint_place.c[name] for name in PlaceState.__struct_fields__]


def declared(tx: Connection) -> dict[str, CheckpointSpec]:
    """Return all specs by name."""
    rows = tx.execute(select(checkpoint).order_by(checkpoint.c.name))
    return {row.name: msgspec.convert(row.spec, CheckpointSpec) for row in rows}


def put(tx: Connection, name: str, spec: CheckpointSpec, now: datetime) -> None:
    """Write a spec; a new place begins with the next head, one that is not named any more is forgotten."""
    tx.execute(delete(checkpoint).where(checkpoint.c.name == name))
    tx.execute(insert(checkpoint).values(name=name, spec=msgspec.to_builtins(spec)))
    mine = checkpoint_place.c.checkpoint == name
    tx.execute(delete(checkpoint_place).where(mine, checkpoint_place.c.place.not_in(spec.to)))
    known = set(tx.execute(select(checkpoint_place.c.place).where(mine)).scalars())
    newest = newest_head(tx)
    for place in spec.to:
        if place not in known:
            tx.execute(
                insert(checkpoint_place).values(
                    checkpoint=name,
                    place=place,
                    # The newest there is comes first: it covers all before it.
                    written=newest.size - 1 if newest else -1,
                    failures=0,
                    error="",
                    failure_reported=False,
                    try_at=now,
                )
            )
    tx.execute(update(checkpoint_place).where(mine).values(try_at=now))


def remove(tx: Connection, name: str) -> None:
    """Remove a spec, and what is known of its places."""
    tx.execute(delete(checkpoint).where(checkpoint.c.name == name))
    tx.execute(delete(checkpoint_place).where(checkpoint_place.c.checkpoint == name))


def newest_head(tx: Connection) -> KeptHead | None:
    """Return the newest head; None if none was signed."""
    row = tx.execute(select(*_HEAD).order_by(tree_head.c.size.desc()).limit(1)).first()
    return None if row is None else KeptHead(**row._mapping)


def frontier(tx: Connection, size: int) -> MerkleFrontier:
    """Return the tree as it was at a head, ready to grow."""
    peaks = tx.execute(select(tree_head.c.peaks).where(tree_head.c.size == size)).scalar_one()
    return MerkleFrontier(size, [bytes.fromhex(peak) for peak in peaks])


def add_head(tx: Connection, head: KeptHead, tree: MerkleFrontier) -> None:
    """Insert a head."""
    values = msgspec.structs.asdict(head) | {"peaks": [peak.hex() for peak in tree.peaks]}
    tx.execute(insert(tree_head).values(values))


def heads(tx: Connection, after: int = -1, limit: int | None = None) -> list[KeptHead]:
    """Return the heads of more than `after` entries, oldest first."""
    query = select(*_HEAD).where(tree_head.c.size > after).order_by(tree_head.c.size).limit(limit)
    return [KeptHead(**row._mapping) for row in tx.execute(query)]


def newest_heads(tx: Connection, limit: int) -> list[KeptHead]:
    """Return the newest heads, newest first."""
    rows = tx.execute(select(*_HEAD).order_by(tree_head.c.size.desc()).limit(limit))
    return [KeptHead(**row._mapping) for row in rows]


def head_of(tx: Connection, seq: int) -> KeptHead | None:
    """Return the first head that covers an entry; None if it is in none yet."""
    kept_heads = heads(tx, after=seq - 1, limit=1)
    return kept_heads[0] if kept_heads else None


def places(tx: Connection, name: str | None = None) -> list[PlaceState]:
    """Return how far the places have come: of one checkpoint, or of all."""
    query = select(*_PLACE).order_by(checkpoint_place.c.checkpoint, checkpoint_place.c.place)
    if name is not None:
        query = query.where(checkpoint_place.c.checkpoint == name)
    return [PlaceState(**row._mapping) for row in tx.execute(query)]


def acquire_lease(tx: Connection, place: PlaceState, owner: str, now: datetime, until: datetime) -> bool:
    """Take the lease of a place; False while another server has it."""
    free = or_(
        checkpoint_place.c.lease_until.is_(None),
        checkpoint_place.c.lease_until <= now,
        checkpoint_place.c.lease_until > until,  # longer than any lease: the clock was set back
        checkpoint_place.c.lease_owner == owner,
    )
    taken = update(checkpoint_place).where(_is(place), free)
    return tx.execute(taken.values(lease_owner=owner, lease_until=until)).rowcount == 1


def record_progress(tx: Connection, place: PlaceState, owner: str, values: dict[str, Any]) -> bool:
    """Write down how far a place has come, and let go of it; False if it is another's by now."""
    mine = _is(place) & (checkpoint_place.c.lease_owner == owner)
    let_go = {"lease_owner": None, "lease_until": None}
    return tx.execute(update(checkpoint_place).where(mine).values(values | let_go)).rowcount == 1


def _is(place: PlaceState) -> Any:
    return (checkpoint_place.c.checkpoint == place.checkpoint) & (checkpoint_place.c.place == place.place)
