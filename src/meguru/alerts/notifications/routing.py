"""What a route tells of: by project, severity, patterns, and time."""

from __future__ import annotations

from datetime import datetime, timedelta

from meguru.alerts.notifications.spec import EVERY
from meguru.alerts.notifications.types import Route
from meguru.alerts.types import Alert
from meguru.base import refs
from meguru.base.hours import read_hours
from meguru.kernel.event import Event
from meguru.kernel.kinds.event_patterns import matches

OPENING = ("alert.opened", "alert.reopened", "alert.persisted", "alert.unmuted")
OVER = "alert.resolved"
TOLD = frozenset({*OPENING, OVER})
OWN = "notification."
"""What notifications themselves do is told by alerts alone: two that fail would keep each other busy."""


def sees(route: Route, event: Event) -> bool:
    """Tell whether an event happened where, and when, a route looks."""
    return event.seq > route.created_seq and _looks_at(route, event.project)


def tells_of(route: Route, alert: Alert) -> bool:
    """Tell whether a route tells of an alert; never of its own failures."""
    return route.alerts and alert.severity.rank >= route.severity.rank and alert.about != route.ref


def tells_of_event(route: Route, type: str) -> bool:
    """Tell whether a route tells of events of a type, beside alerts."""
    if type.startswith(OWN) or (type in TOLD and route.alerts):
        return False
    return matches(route.events, type)


def due_at(route: Route, now: datetime) -> datetime:
    """Return when a route may send its next message; a moment that is over for: now."""
    # A message of the future was sent before the clock was set back: nobody waits for that moment again.
    last = route.last_at
    rested = now if last is None or last > now else last + timedelta(seconds=route.dedupe)
    hours = read_hours(route.hours)
    return rested if hours is None else hours.next_start(max(now, rested))


def _looks_at(route: Route, project: str) -> bool:
    if not route.projects:
        return project == refs.project_of(route.name)
    return EVERY in route.projects or (project or refs.DEFAULT) in route.projects
