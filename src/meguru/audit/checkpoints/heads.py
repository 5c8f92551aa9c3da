"""Sign the head of the log's Merkle tree."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from meguru.audit.checkpoints import store
from meguru.audit.checkpoints.kind import CHECKPOINT, CheckpointSpec
from meguru.audit.checkpoints.types import KeptHead
from meguru.base import durations
from meguru.errors import Conflict
from meguru.governance.signing_keys.server import server_key
from meguru.kernel import events
from meguru.kernel.events.walk import hashes
from meguru.kernel.operations import Context, InternalOperation
from meguru.signing.checkpoint import TreeHead
from meguru.signing.merkle import MerkleFrontier

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from meguru.kernel.workspace import Workspace

_SIGN = InternalOperation(CHECKPOINT, "sign")


def is_due(tx: Connection, specs: Iterable[CheckpointSpec], now: datetime) -> bool:
    """Tell whether something happened since the newest head, and long enough ago."""
    newest, size = store.newest_head(tx), events.head(tx)
    if newest is None:
        return size > 0
    more = size - newest.size
    return more > 0 and any(
        more >= spec.events
        or now >= newest.at + timedelta(seconds=durations.length(spec.every, field="every"))
        or now < newest.at  # the clock was set back: nobody waits until it has caught up
        for spec in specs
    )


def sign(ws: Workspace) -> KeptHead:
    """Sign the log as it is; return the newest head, which another server may have signed meanwhile."""
    with ws.read() as tx:
        tree = grown(tx)
    # The tree was made without holding up those who write; of two servers that made it, one signs.
    head: KeptHead = _SIGN.commit(ws, lambda ctx: sign_tree(ctx, tree))
    return head


def grown(tx: Connection) -> MerkleFrontier:
    """Return the tree of the log as it is: that of the newest head, and what came since.

    Raises
    ------
    Conflict
        If the log is shorter than it was.
    """
    # A log that is shorter than what was signed was cut off: to sign it would give the cut a signature.
    newest, size = store.newest_head(tx), events.head(tx)
    if newest is not None and size < newest.size:
        raise Conflict(
            "no checkpoint of this log can be signed",
            why=f"it ends at {size}, and {newest.size} entries were signed at {newest.at:%Y-%m-%d %H:%M}",
            hint="meguru audit verify",
        )
    # The tree grows from its frontier: of a log of millions only what is new is read.
    start = newest.size if newest else 0
    tree = store.frontier(tx, start) if newest else MerkleFrontier()
    batch: list[bytes] = []
    for entry in hashes(tx, start, size):
        batch.append(entry)
        if len(batch) == _BATCH:
            tree.add(*batch)
            batch.clear()
    tree.add(*batch)
    return tree


def sign_tree(ctx: Context, tree: MerkleFrontier) -> KeptHead:
    """Sign a tree and keep its head, unless that of as many entries, or more, is kept."""
    newest = store.newest_head(ctx.tx)
    if newest is not None and newest.size >= tree.size:
        return newest
    key, now = server_key(ctx.ws, ctx.tx), ctx.now()
    origin = newest.origin if newest else f"meguru/log/{events.read(ctx.tx, limit=1)[0].hash[:20]}"
    note = TreeHead(origin=origin, size=tree.size, root=tree.root, at=now).signed(key)
    head = KeptHead(
        size=tree.size, origin=origin, root=tree.root.hex(), at=now, key=key.public.id, note=note.written
    )
    store.add_head(ctx.tx, head, tree)
    return head


_BATCH = 4096
