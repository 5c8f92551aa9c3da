"""Every gate, under the contract of its family."""

from __future__ import annotations

import pytest

from meguru.flavors.bundle import load_bundle, save_bundle
from meguru.releases.gates import GATES, GateTrial, TrialSide
from meguru.releases.gates.read import gate_of
from meguru.testing.contracts.gates import GateContract
from meguru.testing.models import make_contract, make_model


@pytest.fixture
def side(tmp_path):
    def save(number, **options):
        folder = tmp_path / f"model-{number}"
        save_bundle(make_model(**options), folder)
        return TrialSide(
            ref=f"model/delay@{number}", digest=f"{number:064x}", open=lambda: load_bundle(folder)
        )

    return save


class TestMetric(GateContract):
    @pytest.fixture
    def gate(self):
        return gate_of({"gate": "metric", "metric": "auc", "op": ">=", "value": 0.9})

    @pytest.fixture
    def good(self, side):
        return GateTrial(endpoint="delay", challenger=side(2))

    @pytest.fixture
    def bad(self, side):
        return GateTrial(endpoint="delay", challenger=side(3, knows=("hour",)))


class TestChampion(GateContract):
    @pytest.fixture
    def gate(self):
        return gate_of({"gate": "champion", "metric": "auc", "confidence": 0.95, "margin": 0.0})

    @pytest.fixture
    def good(self, side):
        return GateTrial(endpoint="delay", challenger=side(2), champion=side(1, knows=("hour",)))

    @pytest.fixture
    def bad(self, side):
        return GateTrial(endpoint="delay", challenger=side(4, knows=("hour",)), champion=side(3))


class TestLoads(GateContract):
    @pytest.fixture
    def gate(self):
        return gate_of({"gate": "loads"})

    @pytest.fixture
    def good(self, side):
        live = side(1, seed=4)
        agreed = [make_contract(live.bundle.signature)]
        return GateTrial(endpoint="delay", challenger=side(2), champion=live, contracts=agreed)

    @pytest.fixture
    def bad(self, side):
        live, wants_more = side(3), side(4, columns=("hour", "wind", "snow"))
        agreed = [make_contract(live.bundle.signature)]
        return GateTrial(endpoint="delay", challenger=wants_more, champion=live, contracts=agreed)


def test_every_gate_is_under_the_contract():
    assert set(GATES.names()) == {"metric", "champion", "loads"}
