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
    sentence = _TOLD[event.type](event) if event.type in _TOLD else _declared(event)
    sentence = f"{sentence}: {reason}" if reason else sentence
    claimed = event.data.get(CLAIMED)
    return f"{sentence} (claimed, not proved: {_text(claimed)})" if claimed else sentence


def _declared(event: Event) -> str:
    declared = event_types().get(event.type)
    if declared is None:
        return f"{event.type.replace('.', ' ').replace('_', ' ')}: {event.subject}"
    about = {"subject": event.subject, "actor": event.actor}
    return declared.sentence.format(
        **{name: about.get(name, event.data.get(name)) for name in declared.placeholders}
    )


def _rolled_back(event: Event) -> str:
    """Return who went back, from what to what."""
    before = event.data.get("before") or {}
    start = f" from {before['release']} ({before['model']})" if before else ""
    return f"{event.actor} rolled back{start} to {event.subject} ({event.data.get('model', '')})"


def _failed(event: Event) -> str:
    answering = event.data.get("answering")
    still = f", and {answering} still answered" if answering else ""
    return f"{event.subject} could not answer with {event.data.get('model', '')}{still}"


_TOLD: dict[str, Callable[[Event], str]] = {
    "release.rolled_back": _rolled_back,
    "endpoint.failed": _failed,
}


def _text(value: Any) -> str:
    return "; ".join(str(item) for item in value) if isinstance(value, list) else str(value)
