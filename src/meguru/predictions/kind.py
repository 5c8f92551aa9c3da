"""Predictions and their outcomes, as kinds."""

from __future__ import annotations

from meguru.kernel.kinds import Kind, Payload, event_type


@event_type(
    "outcomes.recorded",
    label="outcomes recorded",
    sentence="outcomes of {subject} were recorded",
    subject="endpoint/NAME",
)
class OutcomesArrived(Payload, frozen=True):
    """Outcomes of predictions that an endpoint answered arrived; `corrected` say otherwise than before."""

    endpoint: str
    count: int
    corrected: int = 0


PREDICTION = Kind(
    name="prediction",
    title=("prediction", "predictions"),
    named=False,
    tables=("meguru.predictions.schema",),
    operations=("meguru.predictions.operations",),
    project_of="meguru.predictions.store:project_of",
    page="/ui/predictions/{name}",
)
OUTCOME = Kind(
    name="outcome",
    title=("outcome", "outcomes"),
    named=False,
    events=(OutcomesArrived,),
    grants={"engineer": ("*",), "service": ("write",)},
    project_of="meguru.predictions.store:project_of",
)
"""An outcome goes by the id of its prediction; its events are about the endpoint."""
