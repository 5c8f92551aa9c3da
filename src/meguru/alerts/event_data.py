"""The payload that all events about an alert share."""

from __future__ import annotations

from typing import Any

from meguru.alerts.types import Alert


def alert_data(alert: Alert) -> dict[str, Any]:
    """Return the fields of an alert that every event about it has."""
    return {
        "about": alert.about,
        "cause": alert.cause,
        "severity": alert.severity.value,
        "count": alert.count,
    }
