"""All operations of alerts."""

from meguru.alerts.acknowledge import acknowledge, mute, resolve, unmute
from meguru.alerts.show import list_alerts, show

__all__ = ["acknowledge", "list_alerts", "mute", "resolve", "show", "unmute"]
