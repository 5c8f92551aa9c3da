"""What the log tells of reviews."""

from __future__ import annotations

from datetime import datetime

from meguru.kernel.kinds import Attention, Payload, Remedy, Tone, Urgency, event_type


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
    "release.approvals_voided",
    label="approvals void",
    sentence="something changed under {subject}: approvals of it are void",
    tone=Tone.ODD,
    needs_person=Attention(
        answered_by=(
            Remedy("release.review_requested"),
            Remedy("release.approved", {"lacks": 0}),
            Remedy("release.promoted"),
            Remedy("release.refused"),
        ),
        meaning="What people agreed to changed; {model} waits until they agree again that it goes live.",
    ),
)
class ReleaseApprovalsVoided(Payload, frozen=True):
    """What somebody had agreed to is another by now: each part, before and after."""

    endpoint: str
    model: str
    digest: str
    by: list[str]
    approvals: list[str]
    changes: list[dict[str, str]]


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
        about="{endpoint}",
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


REVIEW_EVENTS = (
    ReleaseReviewRequested,
    ReleaseApproved,
    ReleaseReviewRefused,
    ReleaseApprovalWithdrawn,
    ReleaseGlassAnswered,
    ReleaseApprovalsVoided,
    ReleaseGlassBroken,
    ReleaseReviewSkipped,
)
