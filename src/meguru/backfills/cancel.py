"""Cancel a backfill."""

from __future__ import annotations

from meguru.backfills import store
from meguru.backfills.advance import take_in_ended
from meguru.backfills.start import MAX_PARALLEL
from meguru.backfills.types import FINAL, Backfill, BackfillState, PartitionState
from meguru.errors import Conflict
from meguru.kernel.operations import Context, operation
from meguru.pipelines.cancel import cancel as cancel_run


@operation("backfill.cancel", permission="backfill:write", on="backfill")
def cancel(ctx: Context, *, backfill: str, reason: str = "") -> Backfill:
    """Cancel a backfill with its running runs; partitions that succeeded stay as they are.

    Raises
    ------
    Conflict
        If it has ended.
    """
    found = store.get(ctx.tx, backfill, lock=True)
    if found.state in FINAL:
        raise Conflict(f"{found.ref} has ended already", why=f"it {found.state}", where=found.ref)
    # A run that ended since the last look has its own end: nobody looks at a backfill that is over.
    found = take_in_ended(ctx.tx, found)
    ctx.emit("backfill.cancelled", found.ref, data={"reason": reason, "counts": found.counts})
    now, running = ctx.now(), [PartitionState.RUNNING]
    for part in store.partitions(ctx.tx, found.id, states=running, limit=MAX_PARALLEL):
        if part.run:
            cancel_run(ctx, run=part.run, reason=f"{found.ref} was cancelled")
        changed = {"state": PartitionState.CANCELLED.value, "finished_at": now}
        store.set_partition(ctx.tx, found.id, part.position, **changed)
    left = [PartitionState.WAITING]
    store.set_all(ctx.tx, found.id, left, state=PartitionState.CANCELLED.value, finished_at=now)
    state = BackfillState.CANCELLED.value
    store.change(ctx.tx, found.id, state=state, finished_at=now, reason=reason)
    return store.get(ctx.tx, found.id)
