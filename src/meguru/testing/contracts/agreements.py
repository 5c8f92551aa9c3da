"""The contract of endpoints' contracts: versions stay, one is the default, and who speaks them adds up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from meguru.errors import NotFound
from meguru.flavors import ColumnType, SignatureColumn
from meguru.serving.contracts import consumers, store
from meguru.serving.contracts.operations import create, list_contracts, prefer, retire
from meguru.serving.contracts.types import Consumer
from meguru.serving.create import create as create_endpoint

if TYPE_CHECKING:
    from meguru.kernel.workspace import Workspace

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
COLUMNS = [
    SignatureColumn(name="hour", type=ColumnType.LONG),
    SignatureColumn(name="wind", type=ColumnType.DOUBLE, nullable=True),
]


def seen(principal: str, requests: int = 1, *, contract: int = 1, at: datetime = NOON) -> Consumer:
    """Return that somebody asked so often."""
    return Consumer(
        contract=contract,
        principal=principal,
        requests=requests,
        rows=10 * requests,
        first_seen=at,
        last_seen=at,
    )


class AgreementsContract:
    """Subclass it, with a fixture `workspace` that gives an empty one."""

    def test_versions_of_a_contract_stay_and_one_is_the_default(self, workspace: Workspace) -> None:
        create_endpoint(workspace, name="delay", model="delay")
        first = create(workspace, endpoint="delay", columns=COLUMNS)
        second = create(workspace, endpoint="delay", columns=COLUMNS[:1], note="wind is gone")
        assert (first.default, second.default) == (True, False)
        assert prefer(workspace, contract="delay").version == 2
        assert retire(workspace, contract="delay@1").retired_at is not None
        shown = [detail.contract for detail in list_contracts(workspace, endpoint="delay")]
        assert [(contract.version, contract.default, contract.note) for contract in shown] == [
            (2, True, "wind is gone"),
            (1, False, ""),
        ]
        assert shown[1].inputs == tuple(COLUMNS)
        with workspace.read() as tx:
            assert [contract.version for contract in store.of(tx, "delay")] == [2]
            with pytest.raises(NotFound):
                store.get(tx, "contract/delay@3")

    def test_who_asked_is_added_up(self, workspace: Workspace) -> None:
        create_endpoint(workspace, name="delay", model="delay")
        later = NOON + timedelta(hours=1)
        with workspace.db.write() as tx:
            consumers.add(tx, "delay", [seen("shop", 2, at=later), seen("till", 1, contract=2)])
        with workspace.db.write() as tx:
            consumers.add(tx, "delay", [seen("shop", 3)])
        with workspace.read() as tx:
            found = consumers.of(tx, "delay")
            assert [consumer.principal for consumer in consumers.of(tx, "delay", since=later)] == ["shop"]
        assert [(consumer.principal, consumer.requests, consumer.rows) for consumer in found] == [
            ("shop", 5, 50),
            ("till", 1, 10),
        ]
        assert (found[0].first_seen, found[0].last_seen) == (later, later)

    def test_a_crowd_is_counted_as_one(self, workspace: Workspace) -> None:
        create_endpoint(workspace, name="delay", model="delay")
        crowd = [seen(f"p{number:03}") for number in range(consumers.MAX_PRINCIPALS + 50)]
        for _ in range(2):
            with workspace.db.write() as tx:
                consumers.add(tx, "delay", crowd)
        with workspace.read() as tx:
            found = consumers.of(tx, "delay")
        assert len(found) == consumers.MAX_PRINCIPALS + 1
        assert {consumer.principal: consumer.requests for consumer in found}[consumers.OTHERS] == 100
