"""What made an alert ring, in a message: lines, a drawing, and data for systems."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import msgspec
from sqlalchemy import Connection

from meguru.alerts import store
from meguru.alerts.notifications.types import MessageItem, NotificationMessage
from meguru.alerts.types import Alert
from meguru.base import refs
from meguru.errors import MeguruError
from meguru.kernel.kinds import provided
from meguru.kernel.workspace import Workspace

log = logging.getLogger(__name__)
EVIDENCE_SOURCES = "alert evidence"
"""The family of those who know more of what an alert's evidence refers to, by the kind of reference."""
MAX_DRAWINGS = 3
"""So many alerts of one message have a drawing."""


class EvidenceSource(Protocol):
    """Tells what made something ring.

    The answer is plain: ``lines`` of text in the language, ``svg`` (a drawing; may be empty) and ``data``
    (JSON). None when there is nothing to tell. It changes nothing.
    """

    def __call__(self, tx: Connection, id: str, language: str) -> Mapping[str, Any] | None:
        """Return what is known of a thing by its id."""
        ...


@dataclass(frozen=True, slots=True)
class MessageWithEvidence:
    """A message that tells what made its alerts ring, and the drawings by alert."""

    message: NotificationMessage
    drawings: Mapping[str, str] = field(default_factory=dict)


def with_evidence(ws: Workspace, message: NotificationMessage) -> MessageWithEvidence:
    """Add what made alerts ring to a message, as it is known when it is sent."""
    items: list[MessageItem] = []
    drawings: dict[str, str] = {}
    # One read transaction for all, closed before anything is sent: a slow receiver holds no connection.
    with ws.read() as tx:
        for item in message.items:
            told = (
                _evidence_of(tx, item.alert, message.language)
                if item.alert and item.state == "open"
                else None
            )
            if told is None:
                items.append(item)
                continue
            facts = [*item.facts, *map(str, told.get("lines", []))]
            items.append(msgspec.structs.replace(item, facts=facts, evidence=dict(told.get("data", {}))))
            if told.get("svg") and len(drawings) < MAX_DRAWINGS:
                drawings[item.alert] = str(told["svg"])
    return MessageWithEvidence(msgspec.structs.replace(message, items=items), drawings)


def drawing_of(tx: Connection, alert: str, language: str) -> str:
    """Return the drawing of an alert; empty if it has none."""
    told = _evidence_of(tx, alert, language)
    return str(told.get("svg", "")) if told else ""


def _evidence_of(tx: Connection, id: str, language: str) -> Mapping[str, Any] | None:
    """Return what is known; nothing where it can't be told: a message goes out all the same."""
    try:
        alert = store.one(tx, id)
        for kind, name in _references(alert):
            teller: EvidenceSource = provided(EVIDENCE_SOURCES).load(kind)
            if (told := teller(tx, name, language)) is not None:
                return told
    except MeguruError as error:
        log.warning("the evidence of alert %s can't be told: %s", id, error.what)
    except Exception:
        log.exception("the evidence of alert %s can't be told", id)
    return None


def _references(alert: Alert) -> list[tuple[str, str]]:
    known = set(provided(EVIDENCE_SOURCES).names())
    found = []
    for value in alert.evidence.values():
        if isinstance(value, str) and value.partition("/")[0] in known:
            read = refs.parse(value)
            found.append((read.kind, read.name))
    return found
