"""Predictions and their outcomes, as kinds."""

from __future__ import annotations

from meguru.kernel.kinds import Kind, Payload, Service, Tone, event_type


@event_type(
    "outcomes.recorded",
    label="outcomes recorded",
    sentence="outcomes of {subject} were recorded",
    subject="endpoint/NAME",
)
class OutcomesArrived(Payload, frozen=True):
    """Outcomes of predictions that an endpoint answered arrived; `corrected` say otherwise than before.

    `waiting` more are of predictions that nobody knows yet; `joined` of those recorded had waited.
    """

    endpoint: str
    count: int
    corrected: int = 0
    waiting: int = 0
    joined: int = 0


@event_type(
    "outcomes.forgotten",
    label="outcomes given up",
    sentence="{actor} gave up outcomes of {subject} that waited for their predictions",
    tone=Tone.ODD,
    subject="endpoint/NAME",
)
class OutcomesForgotten(Payload, frozen=True):
    """Outcomes of predictions that never came were removed."""

    count: int


@event_type(
    "outcomes.excluded",
    label="predictions kept out of data",
    sentence="{actor} kept {count} predictions of {subject} out of data: {reason}",
    tone=Tone.ODD,
    subject="endpoint/NAME",
)
class OutcomesExcluded(Payload, frozen=True):
    """Predictions are kept out of the data that outcomes become."""

    count: int
    reason: str


@event_type(
    "outcomes.readmitted",
    label="predictions let into data",
    sentence="{actor} let {count} predictions of {subject} into data again",
    subject="endpoint/NAME",
)
class OutcomesReadmitted(Payload, frozen=True):
    """Predictions that were kept out are in the next version of the data."""

    count: int


PREDICTION = Kind(
    name="prediction",
    title=("prediction", "predictions"),
    named=False,
    tables=("meguru.predictions.schema",),
    operations=("meguru.predictions.operations",),
    project_of="meguru.predictions.store:project_of",
    page="/ui/predictions/{name}",
    provides={
        "personal data": "meguru.predictions.erase:erase",
        "values of people": "meguru.predictions.erase:values",
        "kept records": "meguru.predictions.retention:records",
    },
)
OUTCOME = Kind(
    name="outcome",
    title=("outcome", "outcomes"),
    named=False,
    events=(OutcomesArrived, OutcomesForgotten, OutcomesExcluded, OutcomesReadmitted),
    grants={"engineer": ("*",), "service": ("write",)},
    project_of="meguru.predictions.store:project_of",
    services=(Service(name="outcomes", factory="meguru.predictions.joiner:OutcomeJoiner"),),
)
"""An outcome goes by the id of its prediction; its events are about the endpoint."""
