"""Placeholders in an action's parameters, filled with the moment of the firing."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from meguru.kernel.operations import Context
from meguru.triggers.actions.base import Occasion

_WORD = re.compile(r"\{(scheduled_at|date|month)\}")


def moment_of(ctx: Context, occasion: Occasion) -> datetime:
    """Return the moment that an action is for: the calendar's, else the event's, else now."""
    return occasion.moment or (occasion.event.at if occasion.event else ctx.now())


def spell(moment: datetime) -> dict[str, str]:
    """Return what each word stands for: the moment in UTC; its day and its month in its own time zone."""
    return {
        "scheduled_at": f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "date": f"{moment:%Y-%m-%d}",
        "month": f"{moment:%Y-%m}",
    }


def fill(value: Any, moment: datetime) -> Any:
    """Return `value` with the words in its texts replaced; whatever else stands in braces is left alone."""
    if isinstance(value, str):
        words = spell(moment)
        return _WORD.sub(lambda found: words[found[1]], value)
    if isinstance(value, list):
        return [fill(item, moment) for item in value]
    if isinstance(value, dict):
        return {key: fill(item, moment) for key, item in value.items()}
    return value
