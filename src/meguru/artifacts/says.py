"""An event in a sentence, for people."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from meguru.kernel.event import CLAIMED, Event
from meguru.kernel.kinds import event_types

REASONS = ("reasons", "reason", "why", "summary")


def says(event: Event) -> str:
    """Return what an event says, with its reason when it carries one."""
    reason = next((_text(event.data[key]) for key in REASONS if event.data.get(key)), "")
    if event.type in _TOLD:
        sentence = _TOLD[event.type](event)
    else:
        sentence = _template(event.type).format(subject=event.subject)
    sentence = f"{sentence}: {reason}" if reason else sentence
    claimed = event.data.get(CLAIMED)
    return f"{sentence} (claimed, not proved: {_text(claimed)})" if claimed else sentence


def _template(type: str) -> str:
    declared = event_types().get(type)
    return declared.sentence if declared else type.replace(".", " ").replace("_", " ") + ": {subject}"


def _rolled_back(event: Event) -> str:
    """Return who went back, from what to what."""
    before = event.data.get("before") or {}
    start = f" from {before['release']} ({before['model']})" if before else ""
    return f"{event.actor} rolled back{start} to {event.subject} ({event.data.get('model', '')})"


def _serving(event: Event) -> str:
    return f"{event.subject} began to answer with {event.data.get('model', '')}"


def _failed(event: Event) -> str:
    answering = event.data.get("answering")
    still = f", and {answering} still answered" if answering else ""
    return f"{event.subject} could not answer with {event.data.get('model', '')}{still}"


_TOLD: dict[str, Callable[[Event], str]] = {
    "release.rolled_back": _rolled_back,
    "endpoint.serving": _serving,
    "endpoint.failed": _failed,
}


def _text(value: Any) -> str:
    return "; ".join(str(item) for item in value) if isinstance(value, list) else str(value)
