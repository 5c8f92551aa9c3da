"""Questions about contracts."""

from __future__ import annotations

from sqlalchemy import Connection

from meguru.base import refs
from meguru.kernel.operations import Context, operation
from meguru.serving import store as endpoints
from meguru.serving.contracts import consumers, store
from meguru.serving.contracts.types import ContractDetail


@operation("contract.show", permission="contract:read", query=True, on="contract")
def show(ctx: Context, *, contract: str) -> ContractDetail:
    """Show a version of a contract, and who speaks it; without a version, the newest."""
    found = store.get(ctx.tx, contract)
    seen = consumers.of(ctx.tx, found.endpoint)
    return ContractDetail(
        contract=found, consumers=[consumer for consumer in seen if consumer.contract == found.version]
    )


@operation(
    "contract.list", permission="contract:read", query=True, on="endpoint", refers={"endpoint": "endpoint"}
)
def list_contracts(ctx: Context, *, endpoint: str) -> list[ContractDetail]:
    """List the versions of an endpoint's contract, newest first, each with who speaks it."""
    name = endpoints.get(ctx.tx, refs.parse(endpoint, kind="endpoint").name).name
    return details(ctx.tx, name)


def details(tx: Connection, endpoint: str) -> list[ContractDetail]:
    """Return the versions of an endpoint's contract, newest first, each with who speaks it."""
    seen = consumers.of(tx, endpoint)
    return [
        ContractDetail(
            contract=contract,
            consumers=[consumer for consumer in seen if consumer.contract == contract.version],
        )
        for contract in reversed(store.of(tx, endpoint, retired=True))
    ]
