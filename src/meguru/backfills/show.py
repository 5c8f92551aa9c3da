"""Questions about backfills."""

from __future__ import annotations

from meguru.backfills import store
from meguru.backfills.types import Backfill, Partition, PartitionState
from meguru.base.paging import Page, check_limit
from meguru.errors import InvalidInput
from meguru.kernel.operations import Context, operation


@operation("backfill.list", permission="backfill:read", query=True)
def list_backfills(ctx: Context, *, cursor: str = "", limit: int = 50) -> Page[Backfill]:
    """List backfills, newest first, each with where its partitions stand."""
    check_limit(limit)
    backfills = store.page(ctx.tx, before=cursor, limit=limit + 1, projects=ctx.visible)
    return Page(
        items=backfills[:limit], next_cursor=backfills[limit - 1].id if len(backfills) > limit else ""
    )


@operation("backfill.show", permission="backfill:read", query=True, on="backfill")
def show(ctx: Context, *, backfill: str) -> Backfill:
    """Show a backfill: where its partitions stand, and how long the rest may take."""
    return store.get(ctx.tx, backfill)


@operation("backfill.partitions", permission="backfill:read", query=True, on="backfill")
def list_partitions(
    ctx: Context, *, backfill: str, state: PartitionState | None = None, cursor: str = "", limit: int = 100
) -> Page[Partition]:
    """List the partitions of a backfill in the order of their turn, those of one state if one is given."""
    check_limit(limit)
    if cursor and not (cursor.isdecimal() and len(cursor) <= 18):
        raise InvalidInput("this is no cursor of a list of partitions", field="cursor")
    found = store.get(ctx.tx, backfill)
    states = [state] if state else []
    after = int(cursor) if cursor else -1
    items = store.partitions(ctx.tx, found.id, states=states, after=after, limit=limit + 1)
    more = str(items[limit - 1].position) if len(items) > limit else ""
    return Page(items=items[:limit], next_cursor=more)
