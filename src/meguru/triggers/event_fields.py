"""The fields of an event that filter and key expressions can name, and the deduplication key of a firing."""

from __future__ import annotations

from typing import Any

from meguru.base import digests, refs
from meguru.base.expressions import PlainExpression
from meguru.errors import InvalidInput
from meguru.kernel.events import Event

EVENT_FIELDS = ("type", "subject", "name", "version", "project", "actor", "at", "data")
"""Names beside those of the data's own fields."""
MAX_KEY_LENGTH = 150


def expression_fields(event: Event) -> dict[str, Any]:
    """Return an event as an expression sees it: the fields of its data, beside `EVENT_FIELDS`."""
    name, version = _named(event.subject)
    return {
        **event.data,
        "type": event.type,
        "subject": event.subject,
        "name": name,
        "version": version,
        "project": event.project,
        "actor": event.actor,
        "at": event.at.isoformat(),
        "data": event.data,
    }


def firing_key(event: Event, expression: PlainExpression | None) -> str:
    """Return the key under which an event is decided, once: what the expression gives, else its own id."""
    value = expression.over(expression_fields(event)) if expression else None
    if value is None:
        return event.id
    text = str(value)
    # PostgreSQL's text holds no NUL. Refusing one here would stop the evaluator at this event for ever.
    is_plain = len(text) <= MAX_KEY_LENGTH and "\0" not in text
    return f"key:{text if is_plain else digests.of_bytes(text.encode())}"


def _named(subject: str) -> tuple[str, Any]:
    try:
        ref = refs.parse(subject)
    except InvalidInput:
        return subject, None
    version = ref.version or ""
    return ref.name, int(version) if version.isdecimal() else ref.version
