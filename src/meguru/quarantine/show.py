"""Questions about what is in quarantine."""

from meguru.base.paging import Page, check_limit
from meguru.errors import NotFound
from meguru.kernel.operations import Context, operation
from meguru.quarantine import store
from meguru.quarantine.types import QuarantinedModel, QuarantineState


@operation("quarantine.list", permission="quarantine:read", query=True)
def list_quarantined(
    ctx: Context, *, state: str = "", before: str = "", limit: int = 100
) -> Page[QuarantinedModel]:
    """List what is, or was, in quarantine, newest first; of one state, or of all."""
    states = [each.value for each in QuarantineState]
    if state and state not in states:
        raise NotFound.of("state", state, states)
    most = check_limit(limit)
    items = store.page(ctx.tx, state=state, before=before, limit=most + 1, projects=ctx.visible)
    return Page(items=items[:most], next_cursor=items[most - 1].id if len(items) > most else "")


@operation("quarantine.show", permission="quarantine:read", query=True, on="id")
def show(ctx: Context, *, id: str) -> QuarantinedModel:
    """Show what is kept under an id: what it would import, what is not known of that, and its state."""
    return store.get(ctx.tx, id)
