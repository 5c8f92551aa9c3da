"""Every gate, under the contract of its family."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

import polars as pl
import pytest

from meguru.flavors.bundle import load_bundle
from meguru.flavors.bundle_writer import save_bundle
from meguru.governance.checklists.types import (
    ChecklistItem,
    ChecklistItemState,
    ChecklistStanding,
    ItemStanding,
)
from meguru.registry.signatures.types import SignatureStanding, StoredModelSignature
from meguru.releases.gates import GATES, GateTrial, TrialSide
from meguru.releases.gates.read import gate_of, judge
from meguru.testing.contracts.gates import GateContract
from meguru.testing.models import COLUMNS, make_contract, make_flights, make_model


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


class TestSize(GateContract):
    @pytest.fixture
    def gate(self):
        return gate_of({"gate": "size", "at_most_mb": 0.02})

    @pytest.fixture
    def good(self, side):
        return GateTrial(endpoint="delay", challenger=side(2))

    @pytest.fixture
    def bad(self, tmp_path):
        from sklearn.ensemble import RandomForestClassifier

        model = make_model()
        train = make_flights()
        forest = RandomForestClassifier(10).fit(train.select(COLUMNS).to_numpy(), train["late"].to_numpy())
        save_bundle(replace(model, estimator=forest), tmp_path / "forest")
        load = partial(load_bundle, tmp_path / "forest")
        return GateTrial(endpoint="delay", challenger=TrialSide(ref="model/delay@9", digest="9", open=load))


class TestLatency(GateContract):
    @pytest.fixture
    def gate(self):
        return gate_of({"gate": "latency", "at_most_ms": 5000, "percentile": 50, "rows": 2})

    @pytest.fixture
    def good(self, side):
        return GateTrial(endpoint="delay", challenger=side(2))

    @pytest.fixture
    def bad(self, tmp_path):
        save_bundle(make_model(), tmp_path / "bare")
        (tmp_path / "bare" / "example.json").unlink()
        load = partial(load_bundle, tmp_path / "bare")
        return GateTrial(endpoint="delay", challenger=TrialSide(ref="model/delay@9", digest="9", open=load))

    def test_the_same_trial_gets_the_same_result(self, gate, good, bad):
        for trial in (good, bad):
            first, second = (judge([gate], trial)[0] for _ in range(2))
            assert first.verdict == second.verdict

    def test_a_limit_that_no_model_keeps_fails_with_the_time(self, good):
        (result,) = judge([gate_of({"gate": "latency", "at_most_ms": 0.0001})], good)
        assert not result.passed
        assert "but 0.0001 ms are allowed" in result.reason
        assert result.numbers["requests"] >= 20


class TestGroupFairness(GateContract):
    @pytest.fixture
    def gate(self):
        options = {"columns": ["hour"], "cuts": {"hour": [0]}, "min_rows": 20, "limit": 0.3}
        return gate_of({"gate": "group_fairness"} | options)

    @pytest.fixture
    def good(self, side):
        return GateTrial(endpoint="delay", challenger=side(2, knows=("wind",)))

    @pytest.fixture
    def bad(self, side):
        return GateTrial(endpoint="delay", challenger=side(3))

    def test_too_little_evidence_does_not_pass(self, good):
        few = gate_of({"gate": "group_fairness", "columns": ["hour"], "cuts": {"hour": [23]}, "limit": 0.9})
        (found,) = judge([few], good)
        assert not found.passed
        assert "not two groups of hour have 100 rows" in found.reason

    def test_a_column_that_the_holdout_has_not_fails_by_name(self, good):
        (found,) = judge([gate_of({"gate": "group_fairness", "columns": ["sex"]})], good)
        assert not found.passed
        assert "has no column 'sex'" in found.reason


class TestInvariance(GateContract):
    @pytest.fixture
    def gate(self):
        return gate_of({"gate": "invariance", "change": {"column": "wind", "add": 1}, "tolerance": 0.1})

    @pytest.fixture
    def good(self, side):
        return GateTrial(endpoint="delay", challenger=side(2, knows=("hour",)))

    @pytest.fixture
    def bad(self, side):
        return GateTrial(endpoint="delay", challenger=side(3))


@pytest.mark.soak  # each verdict starts a process: tests/unit/releases/test_changed_rows.py starts a few
class TestMetamorphic(TestInvariance):
    @pytest.fixture
    def gate(self):
        code = "def stormy(rows):\n    return rows.with_columns(wind=rows['wind'] + 1)\n"
        options = {"gate": "metamorphic", "test": "checks.py:stormy", "code": {"checks.py": code}}
        return gate_of(options | {"tolerance": 0.1})


class TestGoldenAnswers(GateContract):
    @pytest.fixture
    def gate(self):
        return gate_of({"gate": "golden_answers", "golden": "dataset/golden@1"})

    @pytest.fixture
    def good(self, side):
        return GateTrial(endpoint="delay", challenger=side(2), golden=lambda _: golden(1.5, 1))

    @pytest.fixture
    def bad(self, side):
        return GateTrial(endpoint="delay", challenger=side(3), golden=lambda _: golden(1.5, 0))


def golden(number, answer):
    return (
        make_flights(3).select(pl.lit(number).alias(name) for name in COLUMNS).with_columns(expected=answer)
    )


class TestChecklist(GateContract):
    @pytest.fixture
    def gate(self):
        return gate_of({"gate": "checklist", "checklist": "own"})

    @pytest.fixture
    def good(self, side):
        return GateTrial(endpoint="delay", challenger=side(2), checklist=partial(standing, state="yes"))

    @pytest.fixture
    def bad(self, side):
        unsure = partial(standing, state="to_confirm")
        return GateTrial(endpoint="delay", challenger=side(3), checklist=unsure)


class TestSigned(GateContract):
    @pytest.fixture
    def gate(self):
        return gate_of({"gate": "signed", "keys": ["server"]})

    @pytest.fixture
    def good(self, side):
        return GateTrial(endpoint="delay", challenger=replace(side(2), signatures=signed))

    @pytest.fixture
    def bad(self, side):
        revoked = partial(signed, why="the key is revoked: lost")
        return GateTrial(endpoint="delay", challenger=replace(side(3), signatures=revoked))


def signed(why=""):
    found = StoredModelSignature(
        name="delay",
        version=2,
        key="ab" * 32,
        public="",
        bundle="{}",
        at=datetime(2026, 3, 1, tzinfo=UTC),
        by="local",
    )
    return [SignatureStanding(signature=found, owner="server", why=why, key_digest="cd" * 32)]


def standing(name, state):
    asked = ItemStanding(
        item=ChecklistItem(id="purpose", text="What is it for?"), state=ChecklistItemState(state)
    )
    return ChecklistStanding(
        checklist=f"checklist/{name}",
        title="Our own",
        model="model/delay@2",
        follows="",
        note="",
        items=[asked],
    )


def test_every_gate_is_under_the_contract():
    known = {"checklist", "metric", "champion", "group_fairness", "latency", "loads", "size"}
    known |= {"invariance", "metamorphic", "golden_answers", "signed"}
    assert set(GATES.names()) == known
