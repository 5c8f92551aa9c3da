"""Feedback, as a kind."""

from __future__ import annotations

from meguru.kernel.kinds import Kind, Payload, Service, event_type


@event_type(
    "feedback.recorded",
    label="feedback recorded",
    sentence="feedback on answers of {subject} was recorded",
    subject="endpoint/NAME",
)
class FeedbackArrived(Payload, frozen=True):
    """Judgements on answers arrived.

    `corrected` of them replace earlier ones, `waiting` are of predictions that nobody knows yet, `outcomes`
    were taken for the truth.
    """

    endpoint: str
    count: int
    corrected: int = 0
    waiting: int = 0
    outcomes: int = 0


FEEDBACK = Kind(
    name="feedback",
    title=("feedback", "feedback"),
    named=False,
    tables=("meguru.judgements.schema",),
    operations=("meguru.judgements.operations",),
    events=(FeedbackArrived,),
    grants={"engineer": ("*",), "data-scientist": ("write",), "service": ("write",)},
    project_of="meguru.judgements.store:project_of",
    services=(Service(name="feedback", factory="meguru.judgements.joiner:FeedbackJoiner"),),
    provides={
        "personal data": "meguru.judgements.erase:erase",
        "values of people": "meguru.judgements.erase:values",
        "kept records": "meguru.judgements.retention:records",
    },
)
