"""Walk the blobs that the database refers to: all, or a sample; here or on a server, in bounded memory."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from meguru.app.calls import blob_list, blob_verify
from meguru.artifacts.integrity.inventory import Inventory
from meguru.artifacts.integrity.sampling import miss_probability
from meguru.artifacts.integrity.types import MAX_BLOBS, BlobReport, BlobState

if TYPE_CHECKING:
    from meguru.kernel.operations import Door

PROGRESS_SECONDS = 0.5
SHOWN_LOST, SHOWN_REFS = 1000, 20
WalkProgress = Callable[[int, int], object]
"""Called with how many blobs were looked at, and how many are to be as far as is known."""


def walk(
    ws: Door,
    *,
    count: int | None = None,
    percent: float | None = None,
    seconds: float | None = None,
    largest: int | None = None,
    progress: WalkProgress | None = None,
) -> BlobReport:
    """Look whether blobs are there and have their digests, and tell what each lost one takes with it.

    Parameters
    ----------
    ws
        The workspace, here or on a server.
    count, percent
        How many of the blobs that rows refer to are drawn at random, with all that they list; all if neither
        is given.
    seconds
        When to stop; never if it is not given.
    largest
        Larger blobs are only looked for, not read.
    progress
        Is called as the walk goes on.

    Notes
    -----
    What nobody refers to is not looked at. What is put while the walk is under way may be missing from it.
    """
    end = None if seconds is None else time.monotonic() + seconds
    with Inventory() as inventory:
        _collect(ws, inventory)
        roots = inventory.roots
        if percent is not None:
            count = max(1, round(roots * percent / 100))
        inventory.draw(count)
        _look(ws, inventory, end, largest, progress)
        return _report(inventory)


def _collect(ws: Door, inventory: Inventory) -> None:
    cursor = ""
    while True:
        page = blob_list(ws, cursor=cursor)
        inventory.add(page.items)
        cursor = page.next_cursor
        if not cursor:
            return


def _look(
    ws: Door, inventory: Inventory, end: float | None, largest: int | None, progress: WalkProgress | None
) -> None:
    told = time.monotonic()
    while wanted := inventory.waiting(MAX_BLOBS):
        left = 5.0 if end is None else end - time.monotonic()
        if left <= 0:
            return
        for check in blob_verify(ws, blobs=wanted, seconds=min(left, 5.0), largest=largest):
            inventory.note(check)
        # Counting takes longer than looking at a few small blobs.
        if progress is not None and time.monotonic() - told > PROGRESS_SECONDS:
            told = time.monotonic()
            progress(*inventory.progress)


def _report(inventory: Inventory) -> BlobReport:
    roots, seen = inventory.roots, inventory.finished_roots
    counts = {state: inventory.count(state) for state in BlobState}
    return BlobReport(
        references=roots,
        looked_at=seen,
        checked=counts[BlobState.INTACT],
        present=counts[BlobState.PRESENT],
        lost=inventory.lost(SHOWN_LOST, SHOWN_REFS),
        lost_count=sum(number for state, number in counts.items() if state.is_lost),
        complete=seen == roots,
        missed_one=miss_probability(roots, seen, 1) if roots else 0.0,
        missed_percent=miss_probability(roots, seen, max(1, roots // 100)) if roots else 0.0,
    )
