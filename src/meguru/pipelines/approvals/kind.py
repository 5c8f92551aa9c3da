"""Questions that runs ask people, as a kind; one is called as the step that asks, ``RUN.STEP``."""

from __future__ import annotations

from meguru.kernel.kinds import Attention, Kind, Payload, Remedy, Tone, Urgency, event_type


@event_type(
    "approval.requested",
    label="a run asks people",
    sentence="{subject} asks people",
    tone=Tone.ODD,
    needs_person=Attention(
        severity=Urgency.INFO,
        answered_by=(Remedy("approval.approved"), Remedy("approval.refused"), Remedy("approval.expired")),
        meaning="{pipeline} waits for a decision by people: {question}",
    ),
)
class ApprovalRequested(Payload, frozen=True):
    """A step waits for people; `digest` is of the question and of all that it is about."""

    run: str
    step: str
    pipeline: str
    question: str
    by: str | None
    digest: str


class _Answered(Payload, frozen=True):
    run: str
    step: str
    question: str
    digest: str
    note: str


@event_type("approval.approved", label="people said yes", sentence="{subject} was approved", tone=Tone.GOOD)
class ApprovalApproved(_Answered, frozen=True):
    """Somebody said yes."""


@event_type("approval.refused", label="people said no", sentence="{subject} was not approved", tone=Tone.BAD)
class ApprovalRefused(_Answered, frozen=True):
    """Somebody said no; what waits for it is skipped."""


@event_type(
    "approval.expired",
    label="nobody answered in time",
    sentence="nobody answered {subject} in time",
    tone=Tone.ODD,
)
class ApprovalExpired(Payload, frozen=True):
    """The time for an answer is over; what waits for it is skipped."""

    run: str
    step: str
    pipeline: str
    question: str


APPROVAL = Kind(
    name="approval",
    title=("question", "questions"),
    named=False,
    events=(ApprovalRequested, ApprovalApproved, ApprovalRefused, ApprovalExpired),
    grants={"engineer": ("*",)},
    project_of="meguru.pipelines.runs:project_of",
    page="/ui/pipelines/runs/{run}?step={step}#step-{step}",
)
