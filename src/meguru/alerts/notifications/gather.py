"""Group events into notices: for each route one for each alert and subject, however often it comes."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from meguru.alerts import store as alerts
from meguru.alerts.notifications import store
from meguru.alerts.notifications.routing import (
    ALERT_EVENTS,
    OPENING_EVENTS,
    RESOLVED_EVENT,
    includes_alert,
    includes_event,
    is_in_scope,
)
from meguru.alerts.notifications.types import Notice, Route
from meguru.errors import NotFound
from meguru.kernel.event import Event
from meguru.kernel.operations import Context


class NoticeBatch:
    """Takes in events in their order; `write` at the end."""

    def __init__(self, ctx: Context, routes: Sequence[Route]) -> None:
        self._ctx, self._routes = ctx, routes
        self._known: dict[tuple[str, str], Notice | None] = {}

    def add(self, event: Event) -> None:
        """Note an event for each route that tells of it."""
        for route in self._routes:
            if not is_in_scope(route, event):
                continue
            if event.type in ALERT_EVENTS:
                self._alert(route, event)
            if includes_event(route, event.type):
                self._count(route, f"{event.type}:{event.subject}", event)

    def write(self) -> None:
        """Write what is to be told."""
        for item in self._known.values():
            if item is not None:
                store.keep_notice(self._ctx.tx, item)

    def _alert(self, route: Route, event: Event) -> None:
        try:
            alert = alerts.one(self._ctx.tx, event.subject)
        except NotFound:
            return
        key = f"alert:{alert.id}"
        if event.type in OPENING_EVENTS and includes_alert(route, alert):
            self._count(route, key, event, alert=alert.id)
        elif event.type == RESOLVED_EVENT:
            # Who was never told of its beginning is not told of its end.
            waits = self._find(route.name, key) is not None
            if waits or store.was_notified(self._ctx.tx, route.name, alert.id):
                self._count(route, key, event, alert=alert.id)

    def _find(self, route: str, key: str) -> Notice | None:
        if (route, key) not in self._known:
            self._known[route, key] = store.find_notice(self._ctx.tx, route, key[:450])
        return self._known[route, key]

    def _count(self, route: Route, key: str, event: Event, *, alert: str = "") -> None:
        notice = self._find(route.name, key)
        if notice is None:
            notice = Notice(
                route=route.name,
                key=key[:450],
                type=event.type,
                subject=event.subject,
                alert=alert,
                count=0,
                first_event=event.id,
                last_event=event.id,
                first_at=event.at,
                last_at=event.at,
            )
        self._known[route.name, key] = msgspec.structs.replace(
            notice, type=event.type, count=notice.count + 1, last_event=event.id, last_at=event.at
        )
