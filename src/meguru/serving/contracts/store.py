"""SQL of contracts, on an open transaction."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, func, insert, select, update

from meguru.base import refs
from meguru.errors import InvalidInput, NotFound
from meguru.flavors import SignatureColumn
from meguru.serving.contracts.schema import contract
from meguru.serving.contracts.types import Contract
from meguru.tasks import ModelOutput


def of(tx: Connection, endpoint: str, *, retired: bool = False) -> list[Contract]:
    """Return an endpoint's contracts, oldest first; those that were retired too, if asked."""
    query = select(contract).where(contract.c.endpoint == endpoint).order_by(contract.c.version)
    if not retired:
        query = query.where(contract.c.retired_at.is_(None))
    return [_contract(row) for row in tx.execute(query)]


def get(tx: Connection, ref: str) -> Contract:
    """Return the contract ``contract/ENDPOINT@N``; without a version, or with ``@latest``, the newest.

    Raises
    ------
    NotFound
        If there is none; contracts of the endpoint are offered.
    """
    _, endpoint, version = refs.parse(ref, kind="contract")
    if version not in {None, "latest"} and not str(version).isdecimal():
        raise InvalidInput(f"{version!r} is not the number of a contract", where=ref, field="contract")
    contracts = of(tx, endpoint, retired=True)
    newest = contracts[-1].version if contracts else 0
    wanted = int(str(version)) if version not in {None, "latest"} else newest
    for each in contracts:
        if each.version == wanted:
            return each
    raise NotFound.of("contract", ref, [each.ref for each in contracts])


def next_version(tx: Connection, endpoint: str) -> int:
    """Return the number of an endpoint's next contract; the endpoint's row must be locked."""
    last = tx.execute(select(func.max(contract.c.version)).where(contract.c.endpoint == endpoint)).scalar()
    return (last or 0) + 1


def add(tx: Connection, item: Contract) -> None:
    """Write a new contract."""
    tx.execute(insert(contract).values(msgspec.structs.asdict(item)))


def settle(tx: Connection, endpoint: str, task: str, outputs: tuple[ModelOutput, ...]) -> None:
    """Write what those contracts give that were made before there was a model."""
    here = (contract.c.endpoint == endpoint) & (contract.c.task == "") & contract.c.retired_at.is_(None)
    tx.execute(update(contract).where(here).values(task=task, outputs=outputs))


def prefer(tx: Connection, endpoint: str, version: int) -> None:
    """Make one contract the default of its endpoint, and no other."""
    here = contract.c.endpoint == endpoint
    tx.execute(update(contract).where(here).values(default=contract.c.version == version))


def retire(tx: Connection, endpoint: str, at: datetime, *, version: int | None = None) -> None:
    """End one contract of an endpoint; without a version, all."""
    here = (contract.c.endpoint == endpoint) & contract.c.retired_at.is_(None)
    if version is not None:
        here &= contract.c.version == version
    tx.execute(update(contract).where(here).values(retired_at=at, default=False))


def _contract(row: Row[Any]) -> Contract:
    fields = dict(row._mapping)
    fields["inputs"] = msgspec.convert(fields["inputs"], tuple[SignatureColumn, ...])
    fields["outputs"] = msgspec.convert(fields["outputs"], tuple[ModelOutput, ...])
    return Contract(**fields)
