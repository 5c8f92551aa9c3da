"""Set, list and remove pools."""

from __future__ import annotations

from meguru.base.names import check_name
from meguru.errors import Conflict, InvalidInput
from meguru.kernel.operations import Context, operation
from meguru.pipelines.pools import store
from meguru.pipelines.pools.types import Pool

MOST = 100_000


@operation("pool.set", permission="pool:write")
def set_pool(ctx: Context, *, name: str, slots: int) -> Pool:
    """Say how many steps may hold a place of a pool at a time; 0 lets none begin.

    Steps that hold a place when there are fewer now keep it to their end.
    """
    name = check_name("pool", name)
    if not 0 <= slots <= MOST:
        raise InvalidInput(f"a pool has 0 to {MOST:,} places", field="slots", why=f"it is {slots}")
    known = store.find(ctx.tx, name, ctx.now())
    if known is None or known.slots != slots:
        store.put(ctx.tx, name, slots, ctx.now())
        ctx.emit(
            "pool.set",
            f"pool/{name}",
            data={"slots": slots, "before": None if known is None else known.slots},
        )
    return store.find(ctx.tx, name, ctx.now()) or known or Pool(name=name, slots=slots, created_at=ctx.now())


@operation("pool.list", permission="pool:read", query=True)
def list_pools(ctx: Context) -> list[Pool]:
    """List the pools by name, with the places that are taken."""
    return store.every(ctx.tx, ctx.now())


@operation("pool.remove", permission="pool:write")
def remove_pool(ctx: Context, *, name: str) -> Pool:
    """Take a pool away; pipelines whose steps name it can't start then.

    Raises
    ------
    Conflict
        If a step holds a place of it.
    """
    found = store.find(ctx.tx, name, ctx.now())
    if found is None:
        raise store.missing(ctx.tx, name)
    if found.taken:
        raise Conflict(
            f"the pool {name} is in use",
            why=f"{len(found.taken)} steps hold a place of it",
            hint=f"let them end first; none begins after: meguru pool set {name} 0",
        )
    store.remove(ctx.tx, found.name)
    ctx.emit("pool.removed", f"pool/{found.name}", data={"slots": found.slots})
    return found
