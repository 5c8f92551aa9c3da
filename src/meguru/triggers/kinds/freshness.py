"""Wake when a dataset got no new version for too long."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar

from meguru.base import refs
from meguru.base.durations import seconds
from meguru.base.source_secrets import Secrets
from meguru.datasets import store as datasets
from meguru.datasets.operations import show
from meguru.kernel.operations import Context
from meguru.kernel.workspace import Workspace
from meguru.triggers.arrivals.types import SourceArrival
from meguru.triggers.kinds.listening import ByArrivals
from meguru.triggers.kinds.polled import PolledListener, PollResult

LOOK_SECONDS = 10.0


class OnFreshness(ByArrivals, frozen=True, kw_only=True):
    """``{"fresh": "flights", "within": "26h"}``: once for each version that is not followed in time."""

    key: ClassVar[str] = "fresh"
    arrives: ClassVar[str] = "data.stale"
    names: ClassVar[dict[str, tuple[str, str]]] = {"fresh": ("dataset", "dataset:read")}

    fresh: str
    within: float | str

    def check(self, ctx: Context) -> None:
        """Refuse a dataset that nobody has, and what is no length of time."""
        seconds(self.within, field="on.within")
        show(ctx, ref=refs.make("dataset", self.fresh, "latest"))

    def listener(self, ws: Workspace, secrets: Secrets) -> PolledListener:
        """Return what looks at the newest version."""
        del ws, secrets
        return PolledListener(of=self, every=LOOK_SECONDS, poll=self._poll)

    def _poll(self, ws: Workspace, position: dict[str, Any]) -> PollResult:
        with ws.read() as tx:
            (newest,) = datasets.versions(tx, self.fresh, before=None, limit=1)
        limit = timedelta(seconds=seconds(self.within, field="on.within") or 0)
        if ws.clock.now() - newest.created_at <= limit or position.get("told") == newest.ref:
            return PollResult(position=position)
        data = {"source": newest.ref, "since": newest.created_at.isoformat(), "within": str(self.within)}
        arrival = SourceArrival(key=f"stale:{newest.ref}", type=self.arrives, data=data)
        return PollResult(position={"told": newest.ref}, arrivals=[arrival])
