"""Which events open an alert and which resolve one, as kinds declare it of their event types."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple

from meguru.kernel.event import Event
from meguru.kernel.kinds import Remedy, event_types

MAX_TEXT = 300
MAX_FIELDS, MAX_ITEMS = 30, 5
RETIRED_SUFFIX = ".retired"


class AnswerRule(NamedTuple):
    """Which cause an event may resolve, on which condition, and the template of what the alert is about."""

    cause: str
    answer: Remedy
    about: str


def opens_alert(type: str) -> bool:
    """Tell whether events of a type open an alert."""
    declared = event_types().get(type)
    return declared is not None and declared.needs_person


def concerns_alerts(type: str) -> bool:
    """Tell whether an event of a type may open an alert, or answer one."""
    return opens_alert(type) or type in answer_rules() or type.endswith(RETIRED_SUFFIX)


def about_of(event: Event) -> str:
    """Return what the need of an event is about."""
    declared = event_types()[event.type].attention
    written = declared.about if declared else ""
    return (written and fill_template(written, event)) or event.subject


def fill_template(text: str, event: Event) -> str:
    """Return a text with the event's subject and data in it; empty where the event lacks something."""
    try:
        return text.format(subject=event.subject, actor=event.actor, **event.data)[:MAX_TEXT]
    except (KeyError, IndexError, AttributeError, ValueError):
        return ""


@cache
def _answers(known: tuple[str, ...]) -> Mapping[str, list[AnswerRule]]:
    # Made anew when more kinds were loaded since.
    found: dict[str, list[AnswerRule]] = {}
    for cause in known:
        attention = event_types()[cause].attention
        for answer in attention.answered_by if attention else ():
            about = attention.about if attention else ""
            found.setdefault(answer.type, []).append(AnswerRule(cause, answer, about))
    return found


def answer_rules() -> Mapping[str, list[AnswerRule]]:
    """Return by type of event which causes it may answer."""
    return _answers(tuple(event_types()))


def is_met(answer: Remedy, event: Event) -> bool:
    """Tell whether an event holds what an answer must hold."""
    return all(event.data.get(field) == value for field, value in answer.where.items())


def evidence_of(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the evidence of an alert: an event's data with long texts and lists cut."""
    found: dict[str, Any] = {}
    for key, value in list(data.items())[:MAX_FIELDS]:
        if isinstance(value, Mapping):
            found[key] = {name: _short(each) for name, each in list(value.items())[:MAX_FIELDS]}
        elif isinstance(value, list):
            found[key] = [_short(each) for each in value[:MAX_ITEMS]]
        else:
            found[key] = _short(value)
    return found


def _short(value: Any) -> Any:
    if isinstance(value, str):
        return value if len(value) <= MAX_TEXT else value[: MAX_TEXT - 1] + "…"
    if value is None or isinstance(value, int | float | bool):
        return value
    text = str(value)
    return text if len(text) <= MAX_TEXT else text[: MAX_TEXT - 1] + "…"
