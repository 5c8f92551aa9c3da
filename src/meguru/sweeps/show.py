"""Questions about sweeps."""

from meguru.base.paging import Page, check_limit
from meguru.errors import InvalidInput, NotFound
from meguru.kernel.operations import Context, operation
from meguru.sweeps import store
from meguru.sweeps.types import Sweep, Trial


@operation("sweep.list", permission="pipeline:read", query=True, refers={"pipeline": "pipeline"})
def list_sweeps(ctx: Context, *, pipeline: str = "", cursor: str = "", limit: int = 50) -> Page[Sweep]:
    """List sweeps, newest first."""
    check_limit(limit)
    sweeps = store.page(
        ctx.tx,
        pipeline=pipeline,
        before=cursor,
        limit=limit + 1,
        now=ctx.now(),
        projects=ctx.readable if pipeline else ctx.visible,
    )
    more = sweeps[limit - 1].id if len(sweeps) > limit else ""
    return Page(items=sweeps[:limit], next_cursor=more)


@operation("sweep.show", permission="pipeline:read", query=True, on="sweep")
def show(ctx: Context, *, sweep: str) -> Sweep:
    """Show a sweep with its best trial."""
    return store.get(ctx.tx, sweep, ctx.now())


@operation("sweep.trials", permission="pipeline:read", query=True, on="sweep")
def trials(ctx: Context, *, sweep: str, cursor: str = "", limit: int = 1000) -> Page[Trial]:
    """List the trials of a sweep by number."""
    check_limit(limit)
    if cursor and not (cursor.isdecimal() and len(cursor) < 10):
        raise InvalidInput(f"{cursor[:40]!r} is no cursor", field="cursor")
    known = store.get(ctx.tx, sweep, ctx.now())
    found = store.trials(ctx.tx, known.id, after=int(cursor or -1), limit=limit + 1)
    more = str(found[limit - 1].number) if len(found) > limit else ""
    return Page(items=found[:limit], next_cursor=more)


@operation("sweep.best", permission="pipeline:read", query=True, on="sweep")
def best(ctx: Context, *, sweep: str) -> Trial:
    """Show the best trial of a sweep.

    Raises
    ------
    NotFound
        While no trial has succeeded.
    """
    known = store.get(ctx.tx, sweep, ctx.now())
    if known.best is None:
        raise NotFound(f"no trial of sweep {known.id} has succeeded", where=known.ref, why=known.reason)
    return known.best
