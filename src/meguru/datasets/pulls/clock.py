"""The scheduler of pulls: the service that has sources read when they are due.

It looks at the rows alone: several servers run one each, and a pull is begun by one transaction. Of moments
that came while no server was running, one read makes up for all.
"""

from __future__ import annotations

import logging
from functools import partial

from meguru.datasets import spec as specs
from meguru.datasets.kind import DATASET
from meguru.datasets.pulls import store
from meguru.datasets.pulls.start import start_pull
from meguru.errors import MeguruError
from meguru.kernel.operations import Context, InternalOperation
from meguru.kernel.services import Follower
from meguru.kernel.workspace import Workspace

log = logging.getLogger(__name__)
_SCHEDULE = InternalOperation(DATASET, "schedule")
WAKES = ("dataset.created", "dataset.updated", "dataset.retired", "dataset.pulled", "dataset.pull_failed")


class SourceClock(Follower):
    """Begins the pulls that are due."""

    name = "sources"
    idle = 5.0

    def __init__(self, ws: Workspace) -> None:
        super().__init__(ws)
        self._has_failed = False

    def wakes(self, type: str) -> bool:
        """Tell whether an event may change when a source is read."""
        return type in WAKES

    def rest(self) -> float:
        """Return the seconds to the next moment."""
        with self.ws.read() as tx:
            following = store.next_due(tx)
        if following is None or self._has_failed:  # what could not begin is still due
            return self.idle
        return min(self.idle, max(0.05, (following - self.ws.clock.now()).total_seconds()))

    def step(self) -> int:
        """Begin what is due by now; return how many pulls were begun."""
        with self.ws.read() as tx:
            due = store.due(tx, self.ws.clock.now())
        begun, self._has_failed = 0, False
        for name in due:
            try:
                _SCHEDULE.commit(self.ws, partial(_begin, name=name))
                begun += 1
            except MeguruError:
                # Those that are due longest come first: one that can't begin must not keep back the others.
                self._has_failed = True
                log.warning("the source of dataset/%s can't be read now", name, exc_info=True)
        return begun


def _begin(ctx: Context, *, name: str) -> None:
    # Several servers run this clock: what was seen without the lock is read again under it, and one begins.
    turn, declared = store.lock(ctx.tx, name), specs.find(ctx.tx, name)
    source = declared.source if declared else None
    if turn.pull or turn.next_at is None or turn.next_at > ctx.now():
        return  # another server was quicker
    if source is None:
        store.forget(ctx.tx, name)
        return
    # From now, not from the moment that was due: moments that were missed are made up by one read.
    store.set_turn(ctx.tx, name, next_at=source.following(ctx.now()))
    start_pull(ctx, name, note=f"by schedule: {source.schedule}")
