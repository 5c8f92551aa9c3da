"""The specs of pools: see `meguru.kernel.declarations.SpecStore`."""

from __future__ import annotations

from collections.abc import Set as AbstractSet

from sqlalchemy import Connection

from meguru.errors import Conflict, InvalidInput
from meguru.kernel.operations import Context
from meguru.pipelines.pools import store
from meguru.pipelines.pools.kind import PoolSpec

MAX_SLOTS = 100_000


def find(tx: Connection, name: str) -> PoolSpec | None:
    """Return the present spec; None if there is no such pool."""
    slots = store.slots_of(tx, name)
    return None if slots is None else PoolSpec(slots=slots)


def names(tx: Connection, projects: AbstractSet[str] | None) -> list[str]:
    """Return the names of all pools: every project shares them."""
    del projects
    return store.names(tx)


def check(ctx: Context, name: str, spec: PoolSpec) -> PoolSpec:
    """Return the spec as it is; refuse a number of places beyond reason."""
    del ctx, name
    if not 0 <= spec.slots <= MAX_SLOTS:
        raise InvalidInput(f"a pool has 0 to {MAX_SLOTS:,} places", field="slots", why=f"it is {spec.slots}")
    return spec


def uses(name: str, spec: PoolSpec) -> list[str]:
    """Return nothing: a pool names no other thing."""
    del name, spec
    return []


def save(ctx: Context, name: str, spec: PoolSpec) -> None:
    """Write how many places there are; steps that hold one when there are fewer keep it to their end."""
    store.put(ctx.tx, name, spec.slots, ctx.now())


def retire(ctx: Context, name: str) -> None:
    """Take the pool away.

    Raises
    ------
    Conflict
        If a step holds a place of it.
    """
    pool = store.find(ctx.tx, name, ctx.now())
    if pool is not None and pool.taken:
        raise Conflict(
            f"the pool {name} is in use",
            why=f"{len(pool.taken)} steps hold a place of it",
            hint=f"let them end first; none begins after: meguru pool set {name} 0",
        )
    store.remove(ctx.tx, name)
