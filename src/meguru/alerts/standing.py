"""What every event about an alert tells of it."""

from __future__ import annotations

from typing import Any

from meguru.alerts.types import Alert


def standing(alert: Alert) -> dict[str, Any]:
    """Return where an alert stands, for the data of an event."""
    return {
        "about": alert.about,
        "cause": alert.cause,
        "severity": alert.severity.value,
        "count": alert.count,
    }
