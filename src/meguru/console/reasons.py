"""The reasons that an event carries, as lines for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

NAMES = ("reasons", "reason", "why", "summary")


def reasons(data: Mapping[str, Any]) -> list[str]:
    """Return the reasons found in an event's data; empty when it carries none."""
    for name in NAMES:
        if value := data.get(name):
            return [str(item) for item in value] if isinstance(value, list) else [str(value)]
    return []
