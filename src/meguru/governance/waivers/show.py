"""Questions about waivers."""

from __future__ import annotations

from meguru.base import refs
from meguru.base.paging import Page, check_limit
from meguru.errors import NotFound
from meguru.governance.waivers import store
from meguru.governance.waivers.types import Waiver, WaiverState
from meguru.kernel.operations import Context, operation


@operation(
    "waiver.list", permission="waiver:read", query=True, refers={"endpoint": "endpoint", "model": "model"}
)
def list_waivers(
    ctx: Context, *, endpoint: str = "", model: str = "", state: str = "", before: str = "", limit: int = 100
) -> Page[Waiver]:
    """List waivers, newest first: of an endpoint, of a model version, or in one state."""
    states = [each.value for each in WaiverState]
    if state and state not in states:
        raise NotFound.of("state", state, states)
    most = check_limit(limit)
    items = store.page(
        ctx.tx,
        endpoint=refs.parse(endpoint, kind="endpoint").name if endpoint else "",
        model=str(refs.parse(model, kind="model")) if model else "",
        state=state,
        before=before,
        limit=most + 1,
        projects=ctx.visible,
    )
    return Page(items=items[:most], next_cursor=items[most - 1].id if len(items) > most else "")


@operation("waiver.show", permission="waiver:read", query=True, on="waiver")
def show(ctx: Context, *, waiver: str) -> Waiver:
    """Show a waiver: of what it is, why, who asked, who decided, and until when it holds."""
    return store.get(ctx.tx, waiver)
