"""Samples that people label, as a kind."""

from __future__ import annotations

from meguru.kernel.kinds import Attention, Kind, Payload, Remedy, Tone, Urgency, event_type


@event_type(
    "labelling.started",
    label="sample to label drawn",
    sentence="{size} predictions of {endpoint} are to be labelled",
)
class LabellingStarted(Payload, frozen=True):
    """A sample of an endpoint's predictions was drawn, with this strategy and seed, for these people."""

    endpoint: str
    size: int
    strategy: str
    seed: int
    labellers: list[str]
    each: int


@event_type(
    "labelling.labelled", label="prediction labelled", sentence="{actor} labelled a prediction of {endpoint}"
)
class PredictionLabelled(Payload, frozen=True):
    """Somebody said what really happened, or that they can't say."""

    endpoint: str
    prediction: str
    skipped: bool = False


@event_type(
    "labelling.disputed",
    label="labels differ",
    sentence="two people labelled a prediction of {endpoint} differently",
    tone=Tone.ODD,
    needs_person=Attention(
        severity=Urgency.INFO,
        about="prediction/{prediction}",
        answered_by=(Remedy("labelling.decided"),),
        meaning="Two people do not agree what a prediction of {endpoint} really was; a third decides.",
    ),
)
class LabelsDiffer(Payload, frozen=True):
    """Those who labelled one prediction are not of one mind: it has no outcome until somebody decides."""

    endpoint: str
    prediction: str


@event_type(
    "labelling.decided", label="labels decided", sentence="{actor} decided what a prediction of {endpoint} is"
)
class LabelsDecided(Payload, frozen=True):
    """Somebody decided what a prediction is on which others differed."""

    endpoint: str
    prediction: str


LABELLING = Kind(
    name="labelling",
    title=("sample to label", "samples to label"),
    named=False,
    tables=("meguru.labelling.schema",),
    operations=("meguru.labelling.operations",),
    events=(LabellingStarted, PredictionLabelled, LabelsDiffer, LabelsDecided),
    grants={"engineer": ("*",), "data-scientist": ("label", "write")},
    project_of="meguru.labelling.store:project_of",
)
