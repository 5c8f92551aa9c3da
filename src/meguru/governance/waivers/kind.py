"""Waivers, as a kind."""

from __future__ import annotations

from meguru.kernel.kinds import Attention, Kind, Payload, Remedy, Service, Tone, Urgency, event_type

_ENDED = (Remedy("waiver.denied"), Remedy("waiver.revoked"), Remedy("waiver.withdrawn"))
_REPLACED = (Remedy("release.promoted"), Remedy("release.rolled_back"))


class _Told(Payload, frozen=True):
    """What each event of a waiver tells: what it is of, why, and until when."""

    endpoint: str
    model: str
    gate: str
    release: str
    reason: str
    until: str
    by: str


@event_type(
    "waiver.requested",
    label="waiver requested",
    sentence="{by} asked to waive {gate} for {model} at {endpoint} until {until}",
    tone=Tone.ODD,
    explains=True,
    needs_person=Attention(
        severity=Urgency.INFO,
        answered_by=(Remedy("waiver.granted"), *_ENDED, Remedy("waiver.lapsed")),
        meaning="{gate} refused {model} for {endpoint}; somebody asks to let it pass until {until}.",
    ),
)
class WaiverRequested(_Told, frozen=True):
    """Somebody asks that a gate's refusal be let pass for a while; another person has to answer.

    `declaration` is the digest of the gate as it was declared, `said` why it refused.
    """

    declaration: str
    said: str


@event_type(
    "waiver.granted",
    label="waiver granted",
    sentence="{by} waived {gate} for {model} at {endpoint} until {until}",
    tone=Tone.ODD,
    explains=True,
)
class WaiverGranted(_Told, frozen=True):
    """A second person lets a gate's refusal pass until a moment; `digest` is of what was granted."""

    asked_by: str
    note: str
    digest: str


@event_type(
    "waiver.denied",
    label="waiver denied",
    sentence="{by} did not waive {gate} for {model} at {endpoint}",
    tone=Tone.BAD,
    explains=True,
)
class WaiverDenied(_Told, frozen=True):
    """The refusal of the gate stands."""

    asked_by: str
    note: str


@event_type(
    "waiver.due",
    label="waiver ends soon",
    sentence="the waiver of {gate} for {model} at {endpoint} ends at {until}",
    tone=Tone.ODD,
    needs_person=Attention(
        severity=Urgency.INFO,
        answered_by=(*_REPLACED, *_ENDED, Remedy("waiver.expired"), Remedy("waiver.lapsed")),
        about="{endpoint}",
        meaning="{model} answers at {endpoint} though {gate} refused it; the leave for that ends at {until}.",
    ),
)
class WaiverDue(_Told, frozen=True):
    """A model is live by a waiver that ends within a week."""


@event_type(
    "waiver.expired",
    label="waiver expired",
    sentence="the waiver of {gate} ended, and {model} is still live at {endpoint}",
    tone=Tone.BAD,
    explains=True,
    needs_person=Attention(
        answered_by=_REPLACED,
        about="{endpoint}",
        meaning="{model} answers at {endpoint} though {gate} refused it, and nobody's leave covers that.",
    ),
)
class WaiverExpired(_Told, frozen=True):
    """The time of a waiver is over, and a model that leaned on it is live: it stays so until people act."""


@event_type(
    "waiver.lapsed",
    label="waiver lapsed",
    sentence="the waiver of {gate} for {model} at {endpoint} lapsed",
    explains=True,
)
class WaiverLapsed(_Told, frozen=True):
    """The time of a waiver, or of the question for one, is over; nothing that is live leaned on it."""


@event_type(
    "waiver.revoked",
    label="waiver revoked",
    sentence="{by} took back the waiver of {gate}, by which {model} is live at {endpoint}",
    tone=Tone.BAD,
    explains=True,
    needs_person=Attention(
        answered_by=_REPLACED,
        about="{endpoint}",
        meaning="{model} answers at {endpoint} though {gate} refused it, and the leave was taken back.",
    ),
)
class WaiverRevoked(_Told, frozen=True):
    """A waiver was taken back while a model that leans on it is live: it stays so until people act."""

    why: str


@event_type(
    "waiver.withdrawn",
    label="waiver withdrawn",
    sentence="{by} withdrew the waiver of {gate} for {model} at {endpoint}",
    tone=Tone.ODD,
    explains=True,
)
class WaiverWithdrawn(_Told, frozen=True):
    """A waiver, or the question for one, was taken back before anything that is live leaned on it."""

    why: str


WAIVER = Kind(
    name="waiver",
    title=("waiver", "waivers"),
    named=False,
    tables=("meguru.governance.waivers.schema",),
    operations=("meguru.governance.waivers.operations",),
    events=(
        WaiverRequested,
        WaiverGranted,
        WaiverDenied,
        WaiverDue,
        WaiverExpired,
        WaiverLapsed,
        WaiverRevoked,
        WaiverWithdrawn,
    ),
    grants={"engineer": ("request", "revoke"), "data-scientist": ("request",)},
    project_of="meguru.governance.waivers.store:project_of",
    services=(Service(name="waivers", factory="meguru.governance.waivers.expire:WaiverKeeper"),),
    internal={"expire": "a server ends what has had its time, and warns a week before"},
    page="/ui/waivers/{name}",
)
"""To grant or deny one is `waiver:grant`, which only owners hold until a role is given it."""
