"""What an alert means, in a sentence for those whose business it touches, in their language."""

from __future__ import annotations

from typing import Any

from meguru.alerts.storms import is_storm
from meguru.alerts.types import Alert
from meguru.base import refs
from meguru.base.text import translate
from meguru.kernel.kinds.event_types import find

MANY = "{count} things have the same trouble: {trouble}"


def sentence_of(alert: Alert, language: str = "en") -> str:
    """Return the sentence of an alert."""
    declared = find(alert.cause)
    if declared is None:
        return f"{alert.cause}: {alert.subject}"
    if is_storm(alert):
        trouble = translate(declared.label, language)
        return translate(MANY, language).format(count=f"{alert.count:,}", trouble=trouble)
    attention = declared.attention
    for written in (attention.meaning if attention else "", declared.sentence):
        if written and (text := _filled(translate(written, language), alert)):
            return text
    return f"{translate(declared.label, language)}: {short(alert.subject)}"


def short(value: Any) -> str:
    """Return a reference as people call the thing: its name, without its kind; of an id, the whole."""
    text = "–" if value is None else str(value)
    kind, slash, rest = text.partition("/")
    return rest if slash and kind in refs.KINDS else text


def _filled(written: str, alert: Alert) -> str:
    plain = {key: each for key, each in alert.evidence.items() if not isinstance(each, list | dict)}
    values = {key: short(each) for key, each in plain.items()}
    try:
        return written.format(subject=short(alert.subject), actor="", **values)
    except (KeyError, IndexError, AttributeError, ValueError):
        return ""
