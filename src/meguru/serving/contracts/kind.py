"""Contracts, as a kind: one is named as its endpoint is, with a number."""

from __future__ import annotations

from typing import Any

from meguru.kernel.kinds import Kind, Payload, Tone, event_type


@event_type("contract.created", label="contract made", sentence="{subject} was made", explains=True)
class ContractCreated(Payload, frozen=True):
    """A version of an endpoint's contract was made: by a person, or from the first model that went live."""

    endpoint: str
    task: str
    inputs: list[dict[str, Any]]
    outputs: list[dict[str, Any]]
    default: bool
    note: str


@event_type(
    "contract.preferred",
    label="contract is the default",
    sentence="requests that name no contract speak {subject}",
)
class ContractPreferred(Payload, frozen=True):
    """Another version is what requests speak that name none; `before` was it until now."""

    endpoint: str
    before: str | None


@event_type(
    "contract.retired",
    label="contract retired",
    sentence="{subject} was retired",
    tone=Tone.ODD,
    explains=True,
)
class ContractRetired(Payload, frozen=True):
    """A version is answered no more; `speakers` had asked for it within the last month."""

    endpoint: str
    speakers: list[str]
    reason: str


CONTRACT = Kind(
    name="contract",
    title=("contract", "contracts"),
    versioned=True,
    tables=("meguru.serving.contracts.schema",),
    operations=("meguru.serving.contracts.operations",),
    events=(ContractCreated, ContractPreferred, ContractRetired),
    grants={"engineer": ("*",), "service": ("read",)},
    page="/ui/endpoints/{name}#contract-{version}",
    newest_page="/ui/endpoints/{name}#contracts",
)
