"""Operations that keep a run alive, and that end those that are not."""

from meguru.base import refs
from meguru.kernel.operations import Context, operation
from meguru.tracking import lease, store
from meguru.tracking.experiments.store import name_of
from meguru.tracking.schema import run as table
from meguru.tracking.types import Run

BATCH = 500


@operation("run.beat", permission="run:write", evented=False, alone=False, on="run")
def beat(ctx: Context, *, run: str) -> None:
    """Tell that a run's process is alive: its lease, if it has one, starts anew.

    A beat that comes late revives the run, unless it was swept already: then it is a conflict.
    """
    lease.prolong(ctx.tx, store.lock_running(ctx.tx, ctx.principal, run), ctx.now(), unless_left=1.0)


@operation("run.sweep", permission="run:write")
def sweep(ctx: Context) -> list[Run]:
    """End as failed the runs whose lease ran out, 500 at most, and return them; none is ended twice."""
    now = ctx.now()
    # Asked in a read transaction first: nearly every sweep finds nothing, and would have held up all writers.
    with ctx.ws.read() as tx:
        if not lease.any_silent(tx, now):
            return []
    rows = lease.silent(ctx.tx, now, limit=BATCH)
    for row in rows:
        # The end of the lease is nearer to the truth than the moment at which somebody looked.
        store.finish(ctx.tx, row.id, state="failed", error=lease.SILENT, at=row.alive_until)
        ref = refs.make("run", row.id)
        data = {"state": "failed", "error": lease.SILENT, "experiment": name_of(ctx.tx, row.experiment)}
        ctx.emit("run.finished", ref, data=data, used=[ref])
    return store.runs(ctx.tx, table.c.id.in_([row.id for row in rows]), now=now, limit=BATCH)
