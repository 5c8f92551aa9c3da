"""Which events open an alert, and which answer one: read from what kinds declare of their events."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple

from meguru.kernel.event import Event
from meguru.kernel.kinds import Remedy, event_types

LONGEST = 300
MOST_FIELDS, MOST_ITEMS = 30, 5
RETIRED = ".retired"


class Answered(NamedTuple):
    """A cause that an event may answer, how, and how what it is about is written."""

    cause: str
    answer: Remedy
    about: str


def opens(type: str) -> bool:
    """Tell whether events of a type open an alert."""
    declared = event_types().get(type)
    return declared is not None and declared.needs_person


def concerns(type: str) -> bool:
    """Tell whether an event of a type may open an alert, or answer one."""
    return opens(type) or type in answers() or type.endswith(RETIRED)


def about_of(event: Event) -> str:
    """Return what the need of an event is about."""
    declared = event_types()[event.type].attention
    written = declared.about if declared else ""
    return (written and filled(written, event)) or event.subject


def filled(text: str, event: Event) -> str:
    """Return a text with the event's subject and data in it; empty where the event lacks something."""
    try:
        return text.format(subject=event.subject, actor=event.actor, **event.data)[:LONGEST]
    except (KeyError, IndexError, AttributeError, ValueError):
        return ""


@cache
def _answers(known: tuple[str, ...]) -> Mapping[str, list[Answered]]:
    # Made anew when more kinds were loaded since.
    found: dict[str, list[Answered]] = {}
    for cause in known:
        attention = event_types()[cause].attention
        for answer in attention.answered_by if attention else ():
            about = attention.about if attention else ""
            found.setdefault(answer.type, []).append(Answered(cause, answer, about))
    return found


def answers() -> Mapping[str, list[Answered]]:
    """Return by type of event which causes it may answer."""
    return _answers(tuple(event_types()))


def is_met(answer: Remedy, event: Event) -> bool:
    """Tell whether an event holds what an answer must hold."""
    return all(event.data.get(field) == value for field, value in answer.where.items())


def essence(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return what of an event's data is shown as evidence: numbers, short texts, the first of lists."""
    found: dict[str, Any] = {}
    for key, value in list(data.items())[:MOST_FIELDS]:
        if isinstance(value, Mapping):
            found[key] = {name: _short(each) for name, each in list(value.items())[:MOST_FIELDS]}
        elif isinstance(value, list):
            found[key] = [_short(each) for each in value[:MOST_ITEMS]]
        else:
            found[key] = _short(value)
    return found


def _short(value: Any) -> Any:
    if isinstance(value, str):
        return value if len(value) <= LONGEST else value[: LONGEST - 1] + "…"
    if value is None or isinstance(value, int | float | bool):
        return value
    text = str(value)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
