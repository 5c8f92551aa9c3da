"""Endpoints, as a kind."""

from __future__ import annotations

from typing import Any

import msgspec

from meguru.kernel.kinds import Attention, Kind, Payload, Remedy, Tone, Urgency, event_type, spec_events


class EndpointSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An endpoint as people declare it.

    `model` is the name of the registered model whose versions it serves, `gates` what a release of it must
    pass, `record` whether predictions are kept, `renew_within` how long it may take from new data to a new
    model that answers: seconds, or a text such as ``10m``; 0: that is nobody's aim.
    `features` names the feature service, or the views, that give what clients need not send; by default those
    that the model learned from.
    `feedback` says which of it is taken for the truth, as ``{"label": true, "thumb": true, "judges": 2}``; by
    default none is.
    """

    model: str
    gates: list[dict[str, Any]] = []
    record: bool = True
    description: str = ""
    renew_within: float | str = 0.0
    feedback: dict[str, Any] = {}
    features: str = ""


@event_type(
    "endpoint.switched",
    label="endpoint is to change its model",
    sentence="{subject} is to answer with another model",
    explains=True,
)
class EndpointSwitched(Payload, frozen=True):
    """Another release is to answer at an endpoint; `before` names the one it replaces."""

    model: str
    release: str
    before: dict[str, str] | None


@event_type(
    "endpoint.serving",
    label="endpoint answers with a model",
    sentence="{subject} began to answer with {model}",
    tone=Tone.GOOD,
)
class EndpointServing(Payload, frozen=True):
    """A server process began to answer with what was promoted; also at its start."""

    model: str
    release: str
    server: str


@event_type(
    "endpoint.failed",
    label="endpoint can't answer with its model",
    sentence="{subject} could not answer with {model}",
    tone=Tone.BAD,
    needs_person=Attention(
        severity=Urgency.CRITICAL,
        answered_by=(Remedy("endpoint.serving"),),
        meaning="{subject} can not answer with the model that was decided on.",
    ),
)
class EndpointFailed(Payload, frozen=True):
    """A server process could not take up what was promoted; `answering` is the model that still answers."""

    model: str
    release: str
    server: str
    why: str
    fault: dict[str, str]
    answering: str | None


@event_type(
    "endpoint.shadowed", label="endpoint changed its shadows", sentence="{subject} changed its shadows"
)
class EndpointShadowed(Payload, frozen=True):
    """Other versions score along."""

    shadow: list[str]
    before: list[str]


@event_type(
    "endpoint.parity_checked",
    label="served values compared with the truth",
    sentence="{differing} of {values} values that views gave at {subject} differ from the truth",
)
class EndpointParityChecked(Payload, frozen=True):
    """Values that views gave were compared with a training set's; `causes` are by feature that differs."""

    release: str
    rows: int
    values: int
    differing: int
    causes: dict[str, str]


ENDPOINT = Kind(
    name="endpoint",
    title=("endpoint", "endpoints"),
    tables=("meguru.serving.schema", "meguru.serving.traffic.schema"),
    operations=("meguru.serving.operations",),
    events=(
        *spec_events(
            "endpoint", EndpointSpec, retired="An endpoint was taken out of use; it answers no more."
        ),
        EndpointSwitched,
        EndpointServing,
        EndpointFailed,
        EndpointShadowed,
        EndpointParityChecked,
    ),
    grants={
        "engineer": ("write", "predict"),
        "data-scientist": ("predict",),
        "service": ("read", "predict"),
    },
    spec=EndpointSpec,
    spec_store="meguru.serving.spec",
    prepare="meguru.serving.gate_code:prepare",
    internal={"report": "a process that serves tells what it answers with, or why it can't"},
    provides={
        "model user": "meguru.serving.model_user:uses",
        "dataset user": "meguru.serving.dataset_user:uses",
        "endpoint finder": "meguru.serving.store:get",
        "traffic source": "meguru.serving.traffic.show:counted",
        "described": "meguru.serving.catalogue:described",
        "detailed": "meguru.serving.catalogue:detailed",
    },
    page="/ui/endpoints/{name}",
)
