"""Quarantined models, as a kind."""

from __future__ import annotations

from meguru.kernel.kinds import Attention, Kind, Payload, Remedy, Service, Tone, Urgency, event_type

_DECIDED = (Remedy("quarantine.accepted"), Remedy("quarantine.refused"), Remedy("quarantine.expired"))


@event_type(
    "quarantine.kept",
    label="object kept in quarantine",
    sentence="{subject} was kept in quarantine",
    tone=Tone.ODD,
    explains=True,
    needs_person=Attention(
        severity=Urgency.INFO,
        answered_by=_DECIDED,
        meaning="A file for {model} may be a model and may run code; it waits for a decision.",
    ),
)
class QuarantineKept(Payload, frozen=True):
    """An object was kept that can't be stored as a model, or that was handed over as a pickle."""

    model: str
    file: str
    size: int
    tree: str
    reason: str
    step: str
    unknown: list[str]


@event_type(
    "quarantine.converted",
    label="quarantined model converted",
    sentence="{subject} was converted into data, and waits for a person",
    explains=True,
    needs_person=Attention(
        severity=Urgency.INFO,
        answered_by=_DECIDED,
    ),
)
class QuarantineConverted(Payload, frozen=True):
    """A confined process loaded it and wrote it as a model folder of data alone."""

    tree: str
    flavor: str
    difference: float | None
    kept_from: list[str]


@event_type(
    "quarantine.accepted",
    label="quarantined model accepted",
    sentence="{subject} was accepted as a model",
    tone=Tone.GOOD,
    explains=True,
)
class QuarantineAccepted(Payload, frozen=True):
    """A person vouched for it: it is a version of a model now."""

    version: str
    reason: str


@event_type(
    "quarantine.refused",
    label="quarantined model refused",
    sentence="{subject} was refused",
    tone=Tone.ODD,
    explains=True,
)
class QuarantineRefused(Payload, frozen=True):
    """Nobody will make a model of it."""

    reason: str


@event_type(
    "quarantine.expired",
    label="quarantined model expired",
    sentence="{subject} was in quarantine for too long",
    tone=Tone.ODD,
    explains=True,
)
class QuarantineExpired(Payload, frozen=True):
    """Nobody decided in time."""

    days: int


QUARANTINE = Kind(
    name="quarantine",
    title=("quarantined model", "quarantined models"),
    named=False,
    tables=("meguru.quarantine.schema",),
    operations=("meguru.quarantine.operations",),
    events=(
        QuarantineKept,
        QuarantineConverted,
        QuarantineAccepted,
        QuarantineRefused,
        QuarantineExpired,
    ),
    grants={"engineer": ("add", "convert", "refuse"), "data-scientist": ("add", "convert")},
    project_of="meguru.quarantine.store:project_of",
    services=(Service(name="quarantine", factory="meguru.quarantine.expire:Expiry"),),
    internal={"expire": "a server gives up what nobody decided about in time"},
    page="/ui/quarantine/{name}",
    provides={"lost output": "meguru.quarantine.keep:keep_output"},
)
"""To vouch for one is `quarantine:accept`, which only owners hold."""
