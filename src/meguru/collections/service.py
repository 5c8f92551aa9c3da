"""The follower that collects outcomes into datasets when that is due."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import Connection

from meguru.base import refs
from meguru.base.late import importing
from meguru.base.local_time import moments
from meguru.collections import store
from meguru.collections.kind import COLLECTION
from meguru.collections.spec import rows_of
from meguru.collections.types import Collection
from meguru.errors import Busy, Conflict, Forbidden, MeguruError
from meguru.governance.standing import standing
from meguru.kernel import events
from meguru.kernel.operations.internal import InternalOperation
from meguru.kernel.services import Follower
from meguru.kernel.workspace import Workspace
from meguru.predictions import outcome_days

_NEWS = ("outcomes.recorded", "outcomes.excluded", "outcomes.readmitted")
_FAIL = InternalOperation(COLLECTION, "fail", evented=True)


class Collector(Follower):
    """Collects what is due, in the name of who declared it; what failed is tried when something changed."""

    name = "collections"
    idle = 5.0
    pace = 0.2

    def __init__(self, ws: Workspace) -> None:
        super().__init__(ws)
        self._failed: dict[str, tuple[int, datetime]] = {}

    def wakes(self, type: str) -> bool:
        """Tell whether an event may make a collection due."""
        return type.startswith(("outcomes.", "collection."))

    def step(self) -> int:
        """Collect what is due; return how many collections were."""
        with self.ws.read() as tx:
            due = [
                (each, news)
                for each in store.page(tx, None)
                if (news := news_of(tx, each)) and is_due(tx, each, news, self.ws.clock.now())
            ]
        count = 0
        for each, news in due:
            tried = (news, each.declared_at)
            if self._failed.get(each.name) == tried:
                continue
            try:
                self._collect(each)
                count += 1
                self._failed.pop(each.name, None)
            except (Busy, Conflict):
                continue  # somebody else is at it: the next look tells
            except MeguruError as error:
                self._failed[each.name] = tried
                self._emit_failure(each, error)
        return count

    def _collect(self, each: Collection) -> None:
        with importing:
            from meguru.collections.collect import collect
        with self.ws.read() as tx:
            who = standing(tx, each.declared_by)
            news = events.latest(tx, subject=refs.make("endpoint", each.endpoint), types=_NEWS)
        if who is None:
            raise Forbidden(f"{each.declared_by}, who declared it, may not act any more")
        # With the rights that who declared it has now, not then: who left collects nothing any more.
        actor = msgspec.structs.replace(who, name=f"collection/{each.name}")
        ws = self.ws.with_(principal=actor, cause=news.id if news else None)
        collect(ws, endpoint=each.endpoint, dataset=each.dataset, label=each.label, only=each.only)

    def _emit_failure(self, each: Collection, error: MeguruError) -> None:
        ref, reason = refs.make("collection", each.name), f"{error.what}: {error.why}".rstrip(": ")
        with self.ws.read() as tx:
            last = events.latest(tx, subject=ref)
        if last is None or last.type != "collection.failed" or last.data["reason"] != reason:
            _FAIL.commit(self.ws, lambda ctx: ctx.emit("collection.failed", ref, data={"reason": reason}))


def news_of(tx: Connection, each: Collection) -> int:
    """Return how often outcomes changed that are not collected yet."""
    days = store.days(tx, each.dataset, each.endpoint)
    changes = outcome_days.changes(tx, each.endpoint)
    return sum(count - (days[day].changes if day in days else 0) for day, count in changes.items())


def is_due(tx: Connection, each: Collection, news: int, now: datetime) -> bool:
    """Tell whether there is enough that is new, or the calendar says so."""
    if rows := rows_of(each.every):
        return news >= rows
    state = store.state(tx, each.dataset, each.endpoint)
    since = max(state.at, each.declared_at) if state else each.declared_at
    moment = next(moments(each.every, ZoneInfo(each.tz), since), None)
    return moment is not None and moment <= now
