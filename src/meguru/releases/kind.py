"""Releases, as a kind: a release is named as its endpoint is, with a number."""

from __future__ import annotations

from typing import Any

from meguru.kernel.kinds import (
    Attention,
    FieldMembers,
    Kind,
    Payload,
    Remedy,
    Service,
    Tone,
    Urgency,
    event_type,
)
from meguru.releases.review.events import REVIEW_EVENTS


@event_type(
    "release.created", label="release put together", sentence="{subject} was put together", explains=True
)
class ReleaseCreated(Payload, frozen=True):
    """A release of a model version was put together; its gates were not asked yet."""

    endpoint: str
    model: str
    content_digest: str
    note: str


@event_type(
    "release.received",
    label="release received",
    sentence="{subject} was sent from {source}, where it is {release}",
    explains=True,
)
class ReleaseReceived(Payload, frozen=True):
    """A release arrived from another environment, as a candidate.

    `identity` is the digest of what it carries; `digest` the release's own where it came from, `evidence`
    that of what its gates said there and of its history.
    """

    endpoint: str
    source: str
    release: str
    identity: str
    digest: str
    evidence: str


class _Judged(Payload, frozen=True):
    endpoint: str
    model: str
    champion: str | None
    digest: str
    reasons: list[str]
    results: list[dict[str, Any]]


@event_type(
    "release.gates_passed",
    label="release passed its gates",
    sentence="{subject} passed its gates",
    tone=Tone.GOOD,
    explains=True,
)
class ReleaseGatesPassed(_Judged, frozen=True):
    """Every gate let it through."""


@event_type(
    "release.gates_waived",
    label="release passed by a waiver",
    sentence="{subject} may go live by a waiver, though a gate refused it",
    tone=Tone.ODD,
    explains=True,
)
class ReleaseGatesWaived(_Judged, frozen=True):
    """What gates refused is let pass by waivers in force: `waived` says which, by whom, and until when."""

    waived: list[str]


@event_type(
    "release.refused",
    label="release refused",
    sentence="{subject} was refused",
    tone=Tone.BAD,
    explains=True,
    needs_person=Attention(
        about="{endpoint}",
        answered_by=(
            Remedy("release.promoted"),
            Remedy("release.acknowledged"),
            Remedy("release.gates_passed"),
            Remedy("release.gates_waived"),
        ),
        meaning="{model} was not good enough for {endpoint}; the model before it goes on answering.",
    ),
)
class ReleaseRefused(_Judged, frozen=True):
    """A gate said no; this is final."""


@event_type(
    "release.undecided",
    label="release could not be checked",
    sentence="{subject} could not be checked",
    tone=Tone.ODD,
    explains=True,
    needs_person=Attention(
        about="{endpoint}",
        answered_by=(
            Remedy("release.promoted"),
            Remedy("release.acknowledged"),
            Remedy("release.gates_passed"),
            Remedy("release.gates_waived"),
            Remedy("release.refused"),
        ),
        meaning="Nobody knows yet whether {model} is good enough for {endpoint}; the one before it answers.",
    ),
)
class ReleaseUndecided(_Judged, frozen=True):
    """The gates could not be asked to the end, for a reason that is not the model's."""


@event_type(
    "release.awaits_person",
    label="release awaits a person",
    sentence="{subject} passed its gates and waits for somebody to promote it",
    tone=Tone.ODD,
    needs_person=Attention(
        severity=Urgency.INFO,
        answered_by=(Remedy("release.promoted"), Remedy("release.refused")),
        meaning="A checked model for {endpoint} waits for a person's yes.",
    ),
)
class ReleaseAwaitsPerson(Payload, frozen=True):
    """Its gates let it pass, and whoever declared its trigger left the promotion to people."""

    endpoint: str
    model: str
    digest: str


@event_type(
    "release.promoted",
    label="release promoted",
    sentence="{subject} was promoted",
    tone=Tone.GOOD,
    explains=True,
)
class ReleasePromoted(Payload, frozen=True):
    """It is to answer at its endpoint from now on; `before` names the release and model it replaces."""

    endpoint: str
    model: str
    before: dict[str, str] | None
    digest: str
    reason: str


@event_type(
    "release.rolled_back",
    label="release rolled back",
    sentence="{subject} was put live again",
    tone=Tone.ODD,
    explains=True,
)
class ReleaseRolledBack(Payload, frozen=True):
    """An earlier release is to answer again; `before` names the one that was left."""

    endpoint: str
    model: str
    before: dict[str, str] | None
    reason: str


@event_type(
    "release.acknowledged", label="refusal acknowledged", sentence="the refusal of {subject} was acknowledged"
)
class ReleaseAcknowledged(Payload, frozen=True):
    """A person has seen why it did not go live."""

    endpoint: str
    model: str
    note: str


RELEASE = Kind(
    name="release",
    title=("release", "releases"),
    versioned=True,
    tables=("meguru.releases.schema", "meguru.releases.review.schema"),
    operations=("meguru.releases.operations",),
    events=(
        ReleaseCreated,
        ReleaseReceived,
        ReleaseGatesPassed,
        ReleaseGatesWaived,
        ReleaseRefused,
        ReleaseUndecided,
        ReleaseAwaitsPerson,
        ReleasePromoted,
        ReleaseRolledBack,
        ReleaseAcknowledged,
        *REVIEW_EVENTS,
    ),
    grants={"engineer": ("write", "promote", "approve")},
    jobs={"release": "meguru.releases.job:HANDLER"},
    services=(Service(name="reviews", factory="meguru.releases.review.follow:ReviewKeeper"),),
    members=(
        FieldMembers(
            field="endpoint.gates",
            family="meguru.releases.gates:GATES",
            tag="gate",
            also="meguru.releases.gates.read:EveryGate",
        ),
    ),
    provides={
        "gate reader": "meguru.releases.gates.declare:check_declared",
        "alias guard": "meguru.releases.review.alias_guard:check",
        "switch guard": "meguru.releases.review.switch_guard:check",
        "model user": "meguru.releases.model_user:uses",
        "release document": "meguru.releases.waivers:documents",
        "checklist evidence": "meguru.releases.checklists:evidence",
        "waiver subject": "meguru.releases.waivers:subject",
        "waiver user": "meguru.releases.waivers:is_live",
    },
    internal={
        "abandon": "a worker leaves undecided what could not be asked to the end",
        "link": "whoever holds a link in a message decides as the person that it was sent to",
        "void": "a server tells people which of their approvals count no more",
        "ask": "a worker asks people for the promotion that a trigger leaves to them",
    },
    page="/ui/endpoints/{name}?release={version}#release-{version}",
    newest_page="/ui/endpoints/{name}#releases",
    reserved_aliases={"champion": "promote", "mlflow.production": "promote"},
)
