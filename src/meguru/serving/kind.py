"""Endpoints, as a kind."""

from __future__ import annotations

from typing import Any

import msgspec

from meguru.kernel.kinds import Kind, Payload, Tone, event_type


class EndpointSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An endpoint as people declare it.

    `model` is the name of the registered model whose versions it serves, `gates` what a release of it must
    pass, `record` whether predictions are kept.
    """

    model: str
    gates: list[dict[str, Any]] = []
    record: bool = True
    description: str = ""


@event_type("endpoint.created", label="endpoint made", sentence="{subject} was declared", explains=True)
class EndpointCreated(Payload, frozen=True):
    """An endpoint was declared, with this spec."""

    model: str
    gates: list[dict[str, Any]]
    record: bool = True
    description: str = ""


@event_type("endpoint.updated", label="endpoint changed", sentence="the declaration of {subject} was changed")
class EndpointUpdated(Payload, frozen=True):
    """Fields of an endpoint's spec changed: ``{field: {before, after}}``."""

    changes: dict[str, Any]


@event_type(
    "endpoint.retired",
    label="endpoint retired",
    sentence="{subject} was retired",
    tone=Tone.ODD,
    explains=True,
)
class EndpointRetired(Payload, frozen=True):
    """An endpoint was taken out of use; it answers no more."""


@event_type(
    "endpoint.switched",
    label="endpoint switched its model",
    sentence="{subject} switched its model",
    tone=Tone.GOOD,
    explains=True,
)
class EndpointSwitched(Payload, frozen=True):
    """Another release went live behind an endpoint; `before` names the one it replaced."""

    model: str
    release: str
    before: dict[str, str] | None


@event_type(
    "endpoint.shadowed", label="endpoint changed its shadows", sentence="{subject} changed its shadows"
)
class EndpointShadowed(Payload, frozen=True):
    """Other versions score along."""

    shadow: list[str]
    before: list[str]


ENDPOINT = Kind(
    name="endpoint",
    title=("endpoint", "endpoints"),
    tables=("meguru.serving.schema",),
    operations=("meguru.serving.operations",),
    events=(EndpointCreated, EndpointUpdated, EndpointRetired, EndpointSwitched, EndpointShadowed),
    grants={
        "engineer": ("write", "predict"),
        "data-scientist": ("predict",),
        "service": ("read", "predict"),
    },
    spec=EndpointSpec,
    spec_store="meguru.serving.spec",
    page="/ui/endpoints/{name}",
    reserved_aliases=("champion",),
)
