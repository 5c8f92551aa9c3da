"""What every gate of a release promises."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest

from meguru.releases.gates import Gate, GateTrial
from meguru.releases.gates.read import judge
from meguru.releases.types import GateResult


class GateContract:
    """Subclass it, with fixtures `gate`, `good` and `bad`: trials it must let through and refuse."""

    @pytest.fixture
    def gate(self) -> Gate:
        """Return the gate under test."""
        raise NotImplementedError

    @pytest.fixture
    def good(self) -> GateTrial:
        """Return a trial that passes."""
        raise NotImplementedError

    @pytest.fixture
    def bad(self) -> GateTrial:
        """Return a trial that fails."""
        raise NotImplementedError

    def test_its_options_make_sense(self, gate: Gate) -> None:
        gate.check()

    def test_it_can_be_declared_for_a_model_that_passes(self, gate: Gate, good: GateTrial) -> None:
        gate.check_declaration(good.challenger.known)

    def test_it_tells_good_from_bad(self, gate: Gate, good: GateTrial, bad: GateTrial) -> None:
        assert gate.judge(good).passed
        assert not judge([gate], bad)[0].passed

    def test_its_results_explain_themselves_and_travel(
        self, gate: Gate, good: GateTrial, bad: GateTrial
    ) -> None:
        for result in judge([gate], good) + judge([gate], bad):
            assert result.gate == gate.key
            assert result.reason
            assert msgspec.json.decode(msgspec.json.encode(result), type=GateResult) == result

    def test_the_same_trial_gets_the_same_result(self, gate: Gate, good: GateTrial, bad: GateTrial) -> None:
        for trial in (good, bad):
            assert judge([gate], trial) == judge([gate], trial)

    def test_the_first_release_is_judged_too(self, gate: Gate, good: GateTrial) -> None:
        first = replace(good, champion=None, champion_inputs=())
        assert gate.judge(first).reason
