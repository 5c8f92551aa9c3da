"""Flood protection: very many alerts of one cause at once become one, the storm."""

from __future__ import annotations

from datetime import timedelta

from meguru.alerts import store
from meguru.alerts.types import Alert
from meguru.kernel.event import Event
from meguru.kernel.operations import Context

MAX_ALERTS = 20
"""Of one cause, opened in a project within `WINDOW`; the rest are one."""
WINDOW = timedelta(minutes=10)
QUIET_PERIOD = timedelta(hours=1)
"""After so long without another, a storm is over by itself."""
STORM_PREFIX = "many:"


def storm_key(event: Event) -> str:
    """Return what the one alert for all the others is about."""
    return f"{STORM_PREFIX}{event.project}:{event.type}"


def is_storm(alert: Alert) -> bool:
    """Tell whether an alert stands for many."""
    return alert.about.startswith(STORM_PREFIX)


def opened_lately(ctx: Context, event: Event) -> int:
    """Return how many alerts of an event's cause were opened in its project within `WINDOW`."""
    return store.opened_since(ctx.tx, event.type, event.project, ctx.now() - WINDOW)
