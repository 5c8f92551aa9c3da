"""Run failed partitions again."""

from __future__ import annotations

from meguru.backfills import store
from meguru.backfills.partitions import MAX_PARTITIONS
from meguru.backfills.types import Backfill, BackfillState, PartitionState
from meguru.errors import Conflict, NotFound
from meguru.kernel.operations import Context, operation
from meguru.pipelines import store as pipelines

AGAIN = (PartitionState.FAILED, PartitionState.CANCELLED)


@operation("backfill.retry", permission="backfill:write", on="backfill")
def retry(
    ctx: Context,
    *,
    backfill: str,
    partitions: list[str] = [],  # noqa: B006 - the kernel copies it for each call
    latest: bool = False,
) -> Backfill:
    """Run the failed and cancelled partitions again, or only those named; the others that wait go on too.

    With `latest` all that is still to run is run with the newest version of the pipeline, which has the
    mended code.

    Raises
    ------
    Conflict
        If there is nothing to run again.
    NotFound
        If a named partition is not among those that failed or were cancelled.
    """
    found = store.get(ctx.tx, backfill, lock=True)
    there = {
        part.key: part for part in store.partitions(ctx.tx, found.id, states=AGAIN, limit=MAX_PARTITIONS)
    }
    for key in partitions:
        if key not in there:
            raise NotFound.of(f"failed partition of {found.ref}", key, there)
    chosen = [there[key] for key in partitions] or list(there.values())
    if not chosen:
        raise Conflict(f"no partition of {found.ref} has failed", where=found.ref)
    version = pipelines.resolve(ctx.tx, found.pipeline).version if latest else found.version
    for part in chosen:
        state = PartitionState.WAITING.value
        store.set_partition(ctx.tx, found.id, part.position, state=state, finished_at=None)
    running = BackfillState.RUNNING.value
    begun = {"begun_at": ctx.now(), "finished_at": None}
    store.change(ctx.tx, found.id, state=running, reason="", version=version, **begun)
    ctx.emit(
        "backfill.retried",
        found.ref,
        data={"partitions": [part.key for part in chosen], "version": version},
    )
    return store.get(ctx.tx, found.id)
