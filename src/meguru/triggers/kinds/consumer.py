"""The test of a consumer's schema: whether an application sends what the endpoint's contract says."""

from __future__ import annotations

from typing import Any

import msgspec

from meguru.errors import InvalidInput, MeguruError
from meguru.flavors import ColumnType, SignatureColumn
from meguru.kernel.workspace import Workspace
from meguru.serving.contracts import store as contracts
from meguru.serving.contracts.types import Contract
from meguru.triggers.arrivals.content import read_json

MAX_COLUMNS = 2000
_FITS = {
    ColumnType.DOUBLE: {ColumnType.DOUBLE, ColumnType.LONG},
    ColumnType.LONG: {ColumnType.LONG},
}


class _Declared(msgspec.Struct, frozen=True, kw_only=True):
    columns: list[SignatureColumn]
    contract: int | None = None


def agreement(
    ws: Workspace, endpoint: str, declared: bytes | Any, *, place: str = "schema"
) -> dict[str, Any]:
    """Return whether what an application declares agrees with a contract, and every fault.

    It declares ``{"columns": [{"name": "hour", "type": "double"}], "contract": 2}``; without `contract`
    the default one is meant.
    """
    found: dict[str, Any] = {"endpoint": endpoint, "version": None, "agrees": False, "faults": []}
    if declared is None:
        return found | {"faults": [f"nothing is declared: there is no {place}"]}
    try:
        value = read_json(declared) if isinstance(declared, bytes) else declared
        sent = msgspec.convert(value, _Declared)
        if len(sent.columns) > MAX_COLUMNS:
            raise InvalidInput(f"a schema has {MAX_COLUMNS} columns at most")
        with ws.read() as tx:
            known = contracts.of(tx, endpoint)
        contract = _meant(endpoint, known, sent.contract)
    except msgspec.ValidationError as error:
        return found | {"faults": [f"this is no schema: {error}"[:300]]}
    except MeguruError as error:
        return found | {"faults": [error.what]}
    faults = faults_of(sent.columns, contract)
    return found | {"version": contract.version, "agrees": not faults, "faults": faults[:50]}


def faults_of(sent: list[SignatureColumn], contract: Contract) -> list[str]:
    """Return what of a contract an application does not send, or sends otherwise; more is no fault."""
    there = {each.name: each for each in sent}
    faults = []
    for column in contract.inputs:
        one = there.get(column.name)
        if one is None:
            faults.append(f"{column.name} is not sent")
        elif one.type not in _FITS.get(column.type, {column.type}):
            faults.append(f"{column.name} is sent as {one.type.value}, and is {column.type.value}")
        elif one.nullable and not column.nullable:
            faults.append(f"{column.name} may be null where it is sent, and may not be")
        elif one.shape != column.shape:
            faults.append(f"{column.name} is sent with shape {list(one.shape)}, and has {list(column.shape)}")
    return faults


def _meant(endpoint: str, known: list[Contract], version: int | None) -> Contract:
    for each in known:
        if each.version == version or (version is None and each.default):
            return each
    raise InvalidInput(f"endpoint/{endpoint} has no contract {version or ''}".rstrip())
