"""Pause a backfill, and let it go on."""

from __future__ import annotations

from meguru.backfills import store
from meguru.backfills.types import FINAL, Backfill, BackfillState
from meguru.errors import Conflict
from meguru.kernel.operations import Context, operation


@operation("backfill.pause", permission="backfill:write", on="backfill")
def pause(ctx: Context, *, backfill: str, reason: str = "") -> Backfill:
    """Begin no further partition; those that run go on to their end."""
    return _turn(ctx, backfill, BackfillState.PAUSED, reason)


@operation("backfill.resume", permission="backfill:write", on="backfill")
def resume(ctx: Context, *, backfill: str, reason: str = "") -> Backfill:
    """Let a paused backfill go on; one that runs is left as it is."""
    return _turn(ctx, backfill, BackfillState.RUNNING, reason)


def _turn(ctx: Context, ref: str, state: BackfillState, reason: str) -> Backfill:
    backfill = store.get(ctx.tx, ref, lock=True)
    if backfill.state in FINAL:
        raise Conflict(
            f"{backfill.ref} has ended",
            why=f"it is {backfill.state}",
            where=backfill.ref,
            hint=f"run what failed again: meguru backfill retry {backfill.id}",
        )
    if backfill.state is not state:
        store.change(ctx.tx, backfill.id, state=state.value)
        paused = state is BackfillState.PAUSED
        ctx.emit("backfill.paused" if paused else "backfill.resumed", backfill.ref, data={"reason": reason})
    return store.get(ctx.tx, backfill.id)
