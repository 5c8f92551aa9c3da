"""Questions about applies."""

from __future__ import annotations

from meguru.applies import store
from meguru.applies.plan import file_name
from meguru.applies.types import Apply
from meguru.base import refs
from meguru.base.paging import Page, check_limit
from meguru.kernel.operations import Context, operation


@operation("apply.list", permission="apply:read", query=True)
def list_applies(ctx: Context, *, owner: str = "", before: str = "", limit: int = 100) -> Page[Apply]:
    """List applies, newest first; of one file, or of all."""
    named = file_name(ctx, owner) if owner else ""
    most = check_limit(limit) + 1
    items = store.newest(ctx.tx, named, limit=most, before=before, projects=ctx.visible)
    return Page(items=items[:limit], next_cursor=items[limit - 1].id if len(items) > limit else "")


@operation("apply.show", permission="apply:read", query=True, on="apply")
def show(ctx: Context, *, apply: str) -> Apply:
    """Show one apply."""
    return store.one(ctx.tx, refs.parse(apply, kind="apply").name)
