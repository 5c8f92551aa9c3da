"""Alerts: one for each thing and cause, however often it comes."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec

from meguru.base import refs
from meguru.kernel.kinds import Urgency


class AlertState(StrEnum):
    """Where an alert stands; a resolved one is over."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    """Somebody looks after it."""
    RESOLVED = "resolved"


class Alert(msgspec.Struct, frozen=True, kw_only=True):
    """One need for a person.

    Attributes
    ----------
    about
        What lasts: ``pipeline/train`` when a run of it failed.
    cause
        The type of event that opened it; of one thing and cause there is one alert at a time.
    subject, event, last_event, evidence
        What the newest such event tells of, the first and the newest of them, and the essence of its data.
    count
        How often it came; `reopened` how often it came back soon after it was over.
    good_answers
        So many good answers in a row came since; it takes one more for each time that it came back.
    muted_until
        Nobody is told until then; what comes meanwhile is told afterwards.
    """

    id: str
    project: str
    about: str
    cause: str
    subject: str
    severity: Urgency
    state: AlertState
    count: int
    reopened: int
    good_answers: int = msgspec.field(name="good")
    event: str
    last_event: str
    opened_at: datetime
    last_at: datetime
    evidence: dict[str, Any]
    muted_until: datetime | None = None
    muted_count: int = 0
    acknowledged_by: str = ""
    acknowledged_at: datetime | None = None
    note: str = ""
    resolved_by: str = ""
    resolved_at: datetime | None = None
    resolved_event: str | None = None

    @property
    def ref(self) -> str:
        """The reference of this alert."""
        return refs.make("alert", self.id)

    @property
    def is_open(self) -> bool:
        """Whether it is not over."""
        return self.state is not AlertState.RESOLVED

    def changed(self, **fields: Any) -> Alert:
        """Return the alert with some fields changed."""
        return msgspec.structs.replace(self, **fields)

    def is_muted(self, now: datetime) -> bool:
        """Tell whether nobody is told of it at a moment."""
        return self.muted_until is not None and self.muted_until > now
