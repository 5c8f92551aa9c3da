"""Very many alerts of one cause at once are one: a storm has one reason, and nobody reads it all."""

from __future__ import annotations

from datetime import timedelta

from meguru.alerts import store
from meguru.alerts.types import Alert
from meguru.kernel.event import Event
from meguru.kernel.operations import Context

MAX_ALERTS = 20
"""Of one cause, opened in a project within `WINDOW`; the rest are one."""
WINDOW = timedelta(minutes=10)
CALM = timedelta(hours=1)
"""After so long without another, a storm is over by itself."""
AROUND = "many:"


def about_of_storm(event: Event) -> str:
    """Return what the one alert for all the others is about."""
    return f"{AROUND}{event.project}:{event.type}"


def is_storm(alert: Alert) -> bool:
    """Tell whether an alert stands for many."""
    return alert.about.startswith(AROUND)


def opened_lately(ctx: Context, event: Event) -> int:
    """Return how many alerts of an event's cause were opened in its project within `WINDOW`."""
    return store.opened_since(ctx.tx, event.type, event.project, ctx.now() - WINDOW)
