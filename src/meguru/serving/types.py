"""What an endpoint is, and what is deployed behind it."""

from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec

from meguru.governance.waivers.types import Waiver
from meguru.predictions.types import Totals
from meguru.serving.contracts.types import ContractDetail, ModelInput


class DeploymentState(StrEnum):
    """Whether a deployment is what should answer now; `Serving` tells whether it does."""

    LIVE = "live"
    RETIRED = "retired"


class EndpointState(StrEnum):
    """Whether an endpoint answers with what was promoted at it."""

    PENDING = "pending"
    """Nothing was promoted yet: an endpoint may be declared before its model exists."""
    PROMOTED = "promoted"
    """Something was promoted, and nobody was asked whether it answers."""
    LIVE = "live"
    """A server answers with what was promoted."""
    LOADING = "loading"
    """A server is taking it up."""
    FAILED = "failed"
    """No server can serve it; the one before may still answer."""
    DOWN = "down"
    """No server serves the endpoint now."""


class UsedFeatures(msgspec.Struct, frozen=True, kw_only=True):
    """The features that a model learned from, as versions of views.

    `ref` is the service or the view that was asked for, `chosen` the digest of the blob with all that was
    chosen (see `meguru.features.types.FeatureSet`), and `views` the digests of the definitions by version.
    """

    ref: str
    chosen: str
    views: dict[str, str]


class Deployment(msgspec.Struct, frozen=True, kw_only=True):
    """One model version behind an endpoint; `event` is the id of the switch that put it there.

    `inputs` say how its columns come from what clients send, where they are other ones; `features` are those
    that give what clients need not send.
    """

    endpoint: str
    number: int
    model_ref: str
    release_ref: str
    state: DeploymentState
    since: datetime
    until: datetime | None = None
    event: str = ""
    inputs: list[ModelInput] = []
    features: UsedFeatures | None = None


class Replica(msgspec.Struct, frozen=True, kw_only=True):
    """What one server process answers with at an endpoint; without a model it answers nothing yet.

    `fault` is why it can't take up the release `refused`. `seen_at` is when the process was last heard of.
    """

    endpoint: str
    server: str
    seen_at: datetime
    model_ref: str | None = None
    release_ref: str | None = None
    since: datetime | None = None
    fault: dict[str, str] | None = None
    refused: str | None = None


class Serving(msgspec.Struct, frozen=True, kw_only=True):
    """What the servers do with what was promoted at an endpoint.

    `current` says whether one answers with it. `model` and `release` are what answers since `since`, also
    when it is an earlier one; None when nothing does. `ready` of `servers` answer with what was promoted;
    `why` and `fault` tell why the others don't.
    """

    current: bool
    model: str | None
    release: str | None
    since: datetime | None
    ready: int
    servers: int
    why: str = ""
    fault: dict[str, str] | None = None


class Endpoint(msgspec.Struct, frozen=True, kw_only=True):
    """An endpoint as it was declared, what was promoted at it, and whether that answers.

    `live` is what should answer, `state` and `serving` tell whether it does.

    `model` is the name of the registered model whose versions it serves, `gates` what a release of it must
    pass, `shadow` the versions that score along without answering, `record` whether predictions are kept,
    `renew_within` how many seconds it may take from new data to a new model that answers (0: nobody said).
    `features` names the service or the views that give what clients need not send (empty: those that the
    model learned from).
    `feedback` tells which of it is taken for the truth (see `meguru.predictions.types.FeedbackRule`).
    `waivers` are those by which what was promoted went live though a gate refused it.
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
    feedback: dict[str, Any] = {}
    features: str = ""
    live: Deployment | None = None
    serving: Serving | None = None
    renew_within: float = 0.0
    waivers: list[Waiver] = []


class Renewal(msgspec.Struct, frozen=True, kw_only=True):
    """The clock of an endpoint: from data that landed to the model that learned from them answering.

    Attributes
    ----------
    data, landed_at
        The dataset version, among those the live model was trained on, that landed last; and when.
    live_at, seconds
        When a server first answered with the model, and how long that took; None while none does.
    target
        How long it may take, in seconds; None if nobody said so.
    waiting, waiting_since
        The first newer version of these data, of which no live model knows; empty and None if there is none.
    """

    data: str
    landed_at: datetime
    live_at: datetime | None
    seconds: float | None
    target: float | None = None
    waiting: str = ""
    waiting_since: datetime | None = None

    @property
    def is_met(self) -> bool | None:
        """Whether it was within the target; None when there is no figure, or no target."""
        return None if self.seconds is None or self.target is None else self.seconds <= self.target


class EndpointDetail(msgspec.Struct, frozen=True, kw_only=True):
    """An endpoint with its deployments and contracts, newest first, what it answered, and its clock."""

    endpoint: Endpoint
    history: list[Deployment]
    totals: Totals
    contracts: list[ContractDetail] = []
    renewal: Renewal | None = None
