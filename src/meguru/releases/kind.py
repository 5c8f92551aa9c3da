"""Releases, as a kind: a release is named as its endpoint is, with a number."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from meguru.kernel.kinds import Attention, FieldMembers, Kind, Payload, Remedy, Tone, Urgency, event_type


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
        about="endpoint/{endpoint}",
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
        about="endpoint/{endpoint}",
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


@event_type(
    "release.review_requested",
    label="review asked for",
    sentence="{actor} asks for a review of {subject}",
    tone=Tone.ODD,
    needs_person=Attention(
        severity=Urgency.WARNING,
        answered_by=(
            Remedy("release.approved", {"lacks": 0}),
            Remedy("release.review_refused"),
            Remedy("release.promoted"),
            Remedy("release.refused"),
        ),
        meaning="{model} waits for people who agree that it goes live at {endpoint}.",
    ),
)
class ReleaseReviewRequested(Payload, frozen=True):
    """People are asked whether it may go live; `asks` says how many of whom, `digest` what about."""

    endpoint: str
    model: str
    digest: str
    note: str
    policies: list[str]
    asks: list[str]


class _Decided(Payload, frozen=True):
    endpoint: str
    model: str
    digest: str
    approval: str
    by: str
    person: str
    rights: list[str]
    note: str
    key: str
    door: str
    lacks: int


@event_type("release.approved", label="release approved", sentence="{by} approved {subject}", tone=Tone.GOOD)
class ReleaseApproved(_Decided, frozen=True):
    """Somebody agreed to its digest under their signature; so many approvals still lack."""


@event_type(
    "release.review_refused",
    label="release refused by a person",
    sentence="{by} refused {subject}: {note}",
    tone=Tone.BAD,
)
class ReleaseReviewRefused(_Decided, frozen=True):
    """Somebody said no, which is final for this digest."""


@event_type(
    "release.approval_withdrawn",
    label="approval withdrawn",
    sentence="{by} withdrew the approval of {subject}",
    tone=Tone.ODD,
)
class ReleaseApprovalWithdrawn(Payload, frozen=True):
    """Somebody took back what they had agreed to."""

    endpoint: str
    model: str
    digest: str
    approvals: list[str]
    by: str
    note: str


@event_type(
    "release.glass_answered",
    label="emergency signed for",
    sentence="{by} signed for {subject}, which went live in an emergency",
    tone=Tone.GOOD,
)
class ReleaseGlassAnswered(_Decided, frozen=True):
    """Somebody looked at what went live without its approvals; so many signatures still lack."""


@event_type(
    "release.glass_broken",
    label="emergency release",
    sentence="{by} put {subject} live in an emergency: {reason}",
    tone=Tone.BAD,
    explains=True,
    needs_person=Attention(
        severity=Urgency.CRITICAL,
        answered_by=(Remedy("release.glass_answered", {"lacks": 0}),),
        meaning="{model} went live at {endpoint} before people agreed; {people} are to sign afterwards.",
    ),
)
class ReleaseGlassBroken(Payload, frozen=True):
    """Somebody put it live without what its policies ask; so many people sign until `due`."""

    endpoint: str
    model: str
    digest: str
    by: str
    reason: str
    lacked: list[str]
    people: int
    due: datetime


@event_type(
    "release.review_skipped",
    label="live again without a review",
    sentence="{subject} is live again, without a review",
    tone=Tone.ODD,
    needs_person=Attention(
        about="endpoint/{endpoint}",
        answered_by=(Remedy("release.promoted"),),
        meaning="{model} answers again at {endpoint} after a rollback, which needs nobody's approval.",
    ),
)
class ReleaseReviewSkipped(Payload, frozen=True):
    """It was put back, which a policy that asks for reviews lets pass; people are told."""

    endpoint: str
    model: str
    policies: list[str]
    reason: str


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
        ReleaseReviewRequested,
        ReleaseApproved,
        ReleaseReviewRefused,
        ReleaseApprovalWithdrawn,
        ReleaseGlassAnswered,
        ReleaseGlassBroken,
        ReleaseReviewSkipped,
    ),
    grants={"engineer": ("write", "promote", "approve")},
    jobs={"release": "meguru.releases.job:HANDLER"},
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
        "model user": "meguru.releases.model_user:uses",
        "release document": "meguru.releases.waived:documents",
        "checklist evidence": "meguru.releases.checklists:evidence",
        "waiver subject": "meguru.releases.waived:subject",
        "waiver user": "meguru.releases.waived:is_live",
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
