"""Declare, list and retire pools; `set` and `remove` are short for it."""

from __future__ import annotations

from meguru.base.names import normal
from meguru.kernel import declarations
from meguru.kernel.declarations import operations_of
from meguru.kernel.operations import Context, operation
from meguru.pipelines.pools import store
from meguru.pipelines.pools.kind import POOL, PoolSpec
from meguru.pipelines.pools.types import Pool

specs = operations_of(POOL)


@operation("pool.set", permission="pool:write", on="name")
def set_pool(ctx: Context, *, name: str, slots: int) -> Pool:
    """Say how many steps may hold a place of a pool at a time; 0 lets none begin.

    Steps that hold a place when there are fewer now keep it to their end.
    """
    declarations.declare(ctx, POOL, name, PoolSpec(slots=slots))
    return _one(ctx, name)


@operation("pool.list", permission="pool:read", query=True)
def list_pools(ctx: Context) -> list[Pool]:
    """List the pools by name, with the places that are taken; all projects share them."""
    return store.every(ctx.tx, ctx.now())


@operation("pool.remove", permission="pool:write", on="name")
def remove_pool(ctx: Context, *, name: str) -> Pool:
    """Take a pool away; pipelines whose steps name it can't start then.

    Raises
    ------
    Conflict
        If a step holds a place of it.
    """
    pool = _one(ctx, name)
    declarations.retire(ctx, POOL, pool.name)
    return pool


def _one(ctx: Context, name: str) -> Pool:
    bare = normal(name).removeprefix("pool/")
    pool = store.find(ctx.tx, bare, ctx.now())
    if pool is None:
        raise store.missing(ctx.tx, bare)
    return pool
