"""Incidents, what people write to them, and their story as the event log tells it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec

from meguru.alerts.types import Alert
from meguru.artifacts.types import Cause
from meguru.base import refs
from meguru.kernel.kinds import Urgency


class IncidentState(StrEnum):
    """Whether people are done with it."""

    OPEN = "open"
    CLOSED = "closed"


class Incident(msgspec.Struct, frozen=True, kw_only=True):
    """What went wrong about one thing; one is open for it at a time.

    `alert` is the one that began it; `tests` name what stays, so that it does not happen again unnoticed: a
    golden set, a gate, a check.
    """

    id: str
    project: str
    about: str
    alert: str
    severity: Urgency
    state: IncidentState
    opened_at: datetime
    opened_by: str
    closed_at: datetime | None = None
    closed_by: str = ""
    conclusion: str = ""
    tests: list[str] = []

    @property
    def ref(self) -> str:
        """The reference of this incident."""
        return refs.make("incident", self.id)


class IncidentNote(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody wrote."""

    at: datetime
    by: str
    text: str
    test: str = ""


class IncidentFigures(msgspec.Struct, frozen=True, kw_only=True):
    """Moments of an incident, from the event log, and the seconds between them; None: not yet.

    `began_at` is when the trouble was first there (of a monitor, the beginning of the window in which it
    was found), `noticed_at` when the alert was opened, `acted_at` when somebody looked after it or something
    was done about it, `restored_at` when the alert was over.
    """

    began_at: datetime
    noticed_at: datetime
    acted_at: datetime | None = None
    restored_at: datetime | None = None
    to_notice: float
    to_act: float | None = None
    to_restore: float | None = None


class IncidentStory(msgspec.Struct, frozen=True, kw_only=True):
    """An incident with its alert, the causes before it, what was done after it, notes and figures."""

    incident: Incident
    alert: Alert
    causes: list[Cause]
    done: list[Cause]
    notes: list[IncidentNote]
    figures: IncidentFigures
