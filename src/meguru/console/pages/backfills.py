"""Backfills: a window of them, and one with a window of its partitions."""

from __future__ import annotations

from starlette.responses import Response

from meguru.backfills import show
from meguru.backfills.types import PartitionState
from meguru.console.page_request import PageFunction, Visit
from meguru.errors import InvalidInput

WINDOW = 100
LIVE = "backfill. pipeline_run."


def listing(visit: Visit) -> Response:
    """Show a window of the backfills, newest first."""
    before = visit.asked("before")
    found = show.list_backfills(visit.ws, cursor=before, limit=WINDOW)
    return visit.render(
        "backfills.html",
        backfills=found.items,
        older=found.next_cursor or "",
        before=before,
        live=LIVE,
    )


def one(visit: Visit) -> Response:
    """Show one backfill, with a window of its partitions, of one state if one is asked for."""
    wanted, after = visit.asked("state"), visit.asked("after")
    if wanted and wanted not in set(PartitionState):
        raise InvalidInput(f"no partition is {wanted[:40]!r}", field="state", hint=", ".join(PartitionState))
    backfill = show.show(visit.ws, backfill=visit.named("id"))
    state = PartitionState(wanted) if wanted else None
    page = show.list_partitions(visit.ws, backfill=backfill.id, state=state, cursor=after, limit=WINDOW)
    return visit.render(
        "backfill.html",
        backfill=backfill,
        partitions=page.items,
        later=page.next_cursor or "",
        after=after,
        wanted=wanted,
        states=list(PartitionState),
        live=LIVE,
    )


PAGES: dict[str, PageFunction] = {
    "/ui/backfills": listing,
    "/ui/backfills/{id}": one,
}
