"""Bring a backfill on: take in the runs that ended, begin the next ones, end it when nothing is left.

Whoever does it, and however often, a partition gets one run: the run and the partition that names it are
written in one transaction, in which the backfill is locked.
"""

from __future__ import annotations

from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from meguru.backfills import store
from meguru.backfills.kind import BACKFILL
from meguru.backfills.types import FINAL, Backfill, BackfillState, Partition, PartitionState
from meguru.base.late import importing, load_ahead
from meguru.errors import Busy, MeguruError
from meguru.kernel.operations import Context, InternalOperation
from meguru.kernel.principals import system
from meguru.kernel.services import Follower
from meguru.kernel.workspace import Workspace
from meguru.pipelines.types import PipelineRunState

_ADVANCE = InternalOperation(BACKFILL, "advance")
ACTIVE_SECONDS = 1.0
_ENDS = {
    PipelineRunState.SUCCEEDED.value: PartitionState.SUCCEEDED,
    PipelineRunState.FAILED.value: PartitionState.FAILED,
    PipelineRunState.CANCELLED.value: PartitionState.CANCELLED,
}


class BackfillFollower(Follower):
    """Brings every backfill of a workspace on as runs end; several servers may run one each."""

    name = "backfills"

    def __init__(self, ws: Workspace) -> None:
        super().__init__(ws)
        self._has_active = False

    def rest(self) -> float:
        """Return the seconds to the next look: partitions that could not begin leave room for others."""
        return ACTIVE_SECONDS if self._has_active else self.idle

    def step(self) -> None:
        """Bring on each backfill that has something to do."""
        with self.ws.read() as tx:
            active = store.active(tx)
            waiting = [one for one in active if has_work(tx, one)]
        self._has_active = bool(active)
        # Looked for without a lock: most looks find nothing to do, and would hold up other writers.
        for one in waiting:
            advance(self.ws, backfill=one)

    def wakes(self, type: str) -> bool:
        """Tell whether an event is about a backfill, or ends a run."""
        return type.startswith("backfill.") or type.removeprefix("pipeline_run.") in _ENDS


def has_work(tx: Connection, backfill: str) -> bool:
    """Tell whether `advance` would change something; a look that holds up no writer."""
    found = store.get(tx, backfill)
    if found.state in FINAL:
        return False
    return _room(found) > 0 or _is_over(found) or bool(store.ended(tx, found.id))


def advance(ws: Workspace, *, backfill: str) -> None:
    """Do what there is to do for a backfill now."""
    load_ahead("meguru.pipelines.start")
    _ADVANCE.commit(ws, lambda ctx: _advance(ctx, backfill))


def _advance(ctx: Context, backfill: str) -> None:
    # Locked before anything is read: two servers that hear of one end would both fill the free place.
    found = store.get(ctx.tx, backfill, lock=True)
    if found.state in FINAL:
        return
    found = take_in_ended(ctx.tx, found)
    if (room := _room(found)) > 0:
        for part in store.partitions(ctx.tx, found.id, states=[PartitionState.WAITING], limit=room):
            _begin(ctx, found, part)
        # Read again: partitions whose run could not start have failed, and may have been the last.
        found = store.get(ctx.tx, found.id)
    if _is_over(found):
        _end(ctx, found)


def take_in_ended(tx: Connection, found: Backfill) -> Backfill:
    """Write down the partitions whose runs have ended; return the backfill with its counts after that."""
    for row in store.ended(tx, found.id):
        store.set_partition(
            tx,
            found.id,
            row.position,
            state=_ENDS[row.state].value,
            reason=_why(row.state, row.failed),
            ran=row.ran,
            cached=row.cached,
            started_at=row.started_at or row.finished_at,
            finished_at=row.finished_at,
        )
    return store.get(tx, found.id)


def _room(found: Backfill) -> int:
    """Return how many runs may begin now."""
    if found.state is not BackfillState.RUNNING or found.stopped:
        return 0
    return min(found.counts.waiting, found.parallel - found.counts.running)


def _is_over(found: Backfill) -> bool:
    return found.counts.running == 0 and (found.counts.waiting == 0 or found.stopped)


def _begin(ctx: Context, found: Backfill, part: Partition) -> None:
    with importing:
        from meguru.pipelines.start import start
    # What a backfill does is done by whoever started it, whichever process carries it out.
    acting = ctx.with_(principal=system(found.created_by), cause=found.event)
    mark = len(acting.emitted)
    try:
        with ctx.tx.begin_nested():
            run = start(
                acting,
                pipeline=f"{found.pipeline}@{found.version}",
                params={**found.params, found.param: part.key},
                priority=found.priority,
                origin=found.ref,
                partition=part.key,
            )
    except (OperationalError, Busy):
        raise  # the database, not the run: all of it is tried again
    except MeguruError as error:
        # The savepoint took back its rows and events; nobody must be woken by events that are not there.
        del acting.emitted[mark:]
        failed = {"state": PartitionState.FAILED.value, "reason": str(error), "finished_at": ctx.now()}
        store.set_partition(ctx.tx, found.id, part.position, tries=part.tries + 1, run=None, **failed)
        return
    store.set_partition(
        ctx.tx,
        found.id,
        part.position,
        state=PartitionState.RUNNING.value,
        run=run.id,
        tries=part.tries + 1,
        reason="",
        started_at=ctx.now(),
        finished_at=None,
    )


def _end(ctx: Context, found: Backfill) -> None:
    counts = found.counts
    well = counts.failed + counts.cancelled == 0
    reason = (
        "" if well else f"{counts.failed} failed, {counts.cancelled} cancelled, {counts.waiting} not begun"
    )
    state = BackfillState.SUCCEEDED if well else BackfillState.FAILED
    store.change(ctx.tx, found.id, state=state.value, finished_at=ctx.now(), reason=reason)
    ctx.with_(principal=system(found.created_by), cause=found.event).emit(
        "backfill.succeeded" if well else "backfill.failed",
        found.ref,
        data={"pipeline": found.pipeline, "reason": reason, "counts": counts},
    )


def _why(state: str, failed: dict[str, str] | None) -> str:
    if failed:
        return f"{failed.get('step') or 'the run'}: {failed.get('type')}: {failed.get('message')}"
    return "its run was cancelled" if state == PipelineRunState.CANCELLED.value else ""
