"""Sign a checkpoint now, and see which there are."""

from __future__ import annotations

from meguru.audit.checkpoints import heads, store
from meguru.audit.checkpoints.types import DeclaredCheckpoint, KeptHead
from meguru.base.paging import check_limit
from meguru.errors import InvalidInput
from meguru.kernel.operations import Context, operation


@operation("checkpoint.take", permission="checkpoint:take")
def take(ctx: Context) -> KeptHead:
    """Sign a checkpoint of the log as it is now; declared places get it too."""
    with ctx.ws.read() as tx:
        tree = heads.grown(tx)
    if not tree.size:
        raise InvalidInput("nothing happened here yet: there is no log to sign")
    head = heads.sign_tree(ctx, tree)
    ctx.emit(
        "checkpoint.taken",
        f"checkpoint/{head.size}",
        data={"size": head.size, "root": head.root, "key": head.key},
    )
    return head


@operation("checkpoint.list", permission="checkpoint:read", query=True)
def list_checkpoints(ctx: Context) -> list[DeclaredCheckpoint]:
    """List what is declared, with how far each place has come."""
    ctx.require(ctx.operation.permission)
    places = store.places(ctx.tx)
    return [
        DeclaredCheckpoint(
            name=name,
            every=spec.every,
            events=spec.events,
            places=[place for place in places if place.checkpoint == name],
        )
        for name, spec in store.declared(ctx.tx).items()
    ]


@operation("checkpoint.heads", permission="checkpoint:read", query=True)
def list_heads(ctx: Context, *, after: int = -1, limit: int = 100) -> list[KeptHead]:
    """List the heads that were signed, of more than `after` entries, oldest first."""
    ctx.require(ctx.operation.permission)
    return store.heads(ctx.tx, after=after, limit=check_limit(limit))
