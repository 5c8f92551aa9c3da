"""The follower of notifications: gathers what is to be told, and makes messages of it when they are due."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from meguru.alerts.notifications import store
from meguru.alerts.notifications.enqueue import enqueue_message
from meguru.alerts.notifications.gather import NoticeBatch
from meguru.alerts.notifications.kind import NOTIFICATION
from meguru.alerts.notifications.routing import ALERT_EVENTS, due_at, includes_event
from meguru.alerts.notifications.types import Route
from meguru.kernel import events
from meguru.kernel.operations import Context, InternalOperation
from meguru.kernel.services import Follower
from meguru.kernel.workspace import Workspace

BATCH = 500
BATCH_DELAY = timedelta(seconds=0.3)
"""So long a first message waits for what comes with it."""
SOONEST_SECONDS = 0.3
"""How soon it is looked again whether something is due: by then, what just was has been sent."""


class NotificationFollower(Follower):
    """Gathers and promises messages; several servers may run one each.

    What is gathered and the cursor are one transaction, and so are a message, its jobs, and that it is
    gathered no more: each thing is told once, whoever is killed when.
    """

    name = "notifications"
    pace = BATCH_DELAY.total_seconds()

    def __init__(self, ws: Workspace) -> None:
        super().__init__(ws)
        self._seen = 0
        self._routes: list[Route] = []
        self._waiting: list[Route] = []

    def step(self) -> int:
        """Gather everything that has happened by now; return how many messages were promised."""
        with self.ws.read() as tx:
            head, self._routes = events.head(tx), store.all_routes(tx)
            after = max(store.cursor(tx), self._seen)
        while self._routes and after < head:
            after = self._batch(after, head)
        self._seen = head
        with self.ws.read() as tx:
            waiting = store.routes_waiting(tx)
        self._waiting = [route for route in self._routes if route.name in waiting]
        now = self.ws.clock.now()
        due = [route.name for route in self._waiting if due_at(route, now) <= now]
        return sum(_GATHER.commit(self.ws, partial(enqueue_message, name=name)) for name in due)

    def rest(self) -> float:
        """Return the seconds to the next message that is due."""
        now = self.ws.clock.now()
        return self.until((due_at(route, now) for route in self._waiting), soonest=SOONEST_SECONDS)

    def wakes(self, type: str) -> bool:
        """Tell whether an event is told of, or changes who is told."""
        return type.startswith("notification.") or self._is_told(type)

    def _is_told(self, type: str) -> bool:
        return any(
            (route.alerts and type in ALERT_EVENTS) or includes_event(route, type) for route in self._routes
        )

    def _batch(self, after: int, head: int) -> int:
        with self.ws.read() as tx:
            types = [each for each in events.types_between(tx, after, head) if self._is_told(each)]
            read = partial(events.read, tx, after=after, before=head + 1, limit=BATCH, types=types)
            found = read() if types else []
        until = found[-1].seq if len(found) == BATCH else head
        if found:
            _GATHER.commit(self.ws, partial(_take_in, types=types, after=after, until=until))
        return until


def _take_in(ctx: Context, *, types: list[str], after: int, until: int) -> None:
    """Gather the events that are not beyond `until`, and move the cursor there."""
    cursor = max(store.cursor(ctx.tx, lock=True), after)
    if cursor >= until:
        return
    notices = NoticeBatch(ctx, store.all_routes(ctx.tx))
    for event in events.read(ctx.tx, after=cursor, before=until + 1, limit=BATCH, types=types):
        notices.add(event)
    notices.write()
    store.set_cursor(ctx.tx, until)


_GATHER = InternalOperation(NOTIFICATION, "gather")
