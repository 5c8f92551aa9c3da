"""Incidents, as a kind: each is of the project of its alert."""

from __future__ import annotations

from meguru.kernel.kinds import Kind, Payload, Tone, event_type


@event_type(
    "incident.opened",
    label="incident opened",
    sentence="an incident was opened: {about}",
    tone=Tone.BAD,
    explains=True,
)
class IncidentOpened(Payload, frozen=True):
    """Something went wrong that people are to learn from."""

    about: str
    alert: str
    severity: str


@event_type("incident.noted", label="note to an incident", sentence="{actor} wrote a note to {subject}")
class IncidentNoted(Payload, frozen=True):
    """Somebody wrote what they know, or named the `test` that stays."""

    text: str
    test: str


@event_type(
    "incident.closed",
    label="incident closed",
    sentence="{subject} was closed: {conclusion}",
    tone=Tone.GOOD,
    explains=True,
)
class IncidentClosed(Payload, frozen=True):
    """People are done with it; times are in seconds, None where nothing was seen."""

    conclusion: str
    tests: list[str]
    to_notice: float
    to_act: float | None
    to_restore: float | None


INCIDENT = Kind(
    name="incident",
    title=("incident", "incidents"),
    named=False,
    tables=("meguru.alerts.incidents.schema",),
    operations=("meguru.alerts.incidents.operations",),
    events=(IncidentOpened, IncidentNoted, IncidentClosed),
    grants={"engineer": ("*",), "data-scientist": ("write",)},
    project_of="meguru.alerts.incidents.store:project_of",
    page="/ui/incidents/{name}",
)
