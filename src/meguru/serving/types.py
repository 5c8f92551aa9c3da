"""What an endpoint is, and what is deployed behind it."""

from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec

from meguru.predictions.types import Totals


class DeploymentState(StrEnum):
    """Whether a deployment answers now."""

    LIVE = "live"
    RETIRED = "retired"


class EndpointState(StrEnum):
    """Whether an endpoint has a model: one that was declared before its model exists is pending."""

    PENDING = "pending"
    LIVE = "live"


class Deployment(msgspec.Struct, frozen=True, kw_only=True):
    """One model version behind an endpoint; `event` is the id of the switch that put it there."""

    endpoint: str
    number: int
    model_ref: str
    release_ref: str
    state: DeploymentState
    since: datetime
    until: datetime | None = None
    event: str = ""


class Endpoint(msgspec.Struct, frozen=True, kw_only=True):
    """An endpoint as it was declared, and what is live behind it.

    `model` is the name of the registered model whose versions it serves, `gates` what a release of it must
    pass, `shadow` the versions that score along without answering, `record` whether predictions are kept.
    """

    name: str
    model: str
    description: str
    gates: list[dict[str, Any]]
    shadow: list[str]
    record: bool
    created_at: datetime
    created_by: str
    state: EndpointState
    live: Deployment | None = None


class EndpointDetail(msgspec.Struct, frozen=True, kw_only=True):
    """An endpoint with its deployments, newest first, and counts of what it answered."""

    endpoint: Endpoint
    history: list[Deployment]
    totals: Totals
