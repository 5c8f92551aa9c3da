"""Which alerts and events a route includes, and when its next message is due (quiet hours, grouping)."""

from __future__ import annotations

from datetime import datetime, timedelta

from meguru.alerts.notifications.spec import ALL_PROJECTS
from meguru.alerts.notifications.types import Route
from meguru.alerts.types import Alert
from meguru.base import refs
from meguru.base.hours import read_hours
from meguru.kernel.event import Event
from meguru.kernel.kinds.event_patterns import matches

OPENING_EVENTS = ("alert.opened", "alert.reopened", "alert.persisted", "alert.unmuted")
RESOLVED_EVENT = "alert.resolved"
ALERT_EVENTS = frozenset({*OPENING_EVENTS, RESOLVED_EVENT})
OWN_PREFIX = "notification."
"""What notifications themselves do is told by alerts alone: two that fail would keep each other busy."""


def is_in_scope(route: Route, event: Event) -> bool:
    """Tell whether an event happened where, and when, a route looks."""
    return event.seq > route.created_seq and _covers_project(route, event.project)


def includes_alert(route: Route, alert: Alert) -> bool:
    """Tell whether a route tells of an alert; never of its own failures."""
    return route.alerts and alert.severity.rank >= route.severity.rank and alert.about != route.ref


def includes_event(route: Route, type: str) -> bool:
    """Tell whether a route tells of events of a type, beside alerts."""
    if type.startswith(OWN_PREFIX) or (type in ALERT_EVENTS and route.alerts):
        return False
    return matches(route.events, type)


def due_at(route: Route, now: datetime) -> datetime:
    """Return when a route may send its next message; a moment that is over for: now."""
    # A message of the future was sent before the clock was set back: nobody waits for that moment again.
    last = route.last_at
    rested = now if last is None or last > now else last + timedelta(seconds=route.dedupe)
    hours = read_hours(route.hours)
    return rested if hours is None else hours.next_start(max(now, rested))


def _covers_project(route: Route, project: str) -> bool:
    if not route.projects:
        return project == refs.project_of(route.name)
    return ALL_PROJECTS in route.projects or (project or refs.DEFAULT) in route.projects
