"""Release policies: what can't be declared."""

from __future__ import annotations

import pytest

from meguru.errors import InvalidInput
from meguru.governance.release_policies.kind import PolicyFreeze, ReleasePolicySpec, ReviewStage
from meguru.governance.release_policies.operations import specs as policies

pytest_plugins = ["meguru.testing.fixtures"]


@pytest.mark.parametrize(
    ("spec", "field"),
    [
        (ReleasePolicySpec(endpoints=[]), "endpoints"),
        (ReleasePolicySpec(right="release:aprove"), "right"),
        (ReleasePolicySpec(approvals=99), "approvals"),
        (ReleasePolicySpec(windows=["sometimes"]), "windows[0]"),
        (
            ReleasePolicySpec(freezes=[PolicyFreeze(since="2026-12-24", until="2026-12-01")]),
            "freezes[0].until",
        ),
        (ReleasePolicySpec(expires="soon"), "expires"),
        (ReleasePolicySpec(expires="99999999d"), "expires"),
        (ReleasePolicySpec(breakglass_within="9" * 400 + "s"), "breakglass_within"),
        (ReleasePolicySpec(gates=[{"gate": "metrics"}]), "gates[0].gate"),
        (ReleasePolicySpec(approvals=2, stages=[ReviewStage()]), "approvals"),
    ],
)
def test_a_policy_that_makes_no_sense_is_refused_with_the_field(workspace, spec, field):
    with pytest.raises(InvalidInput) as wrong:
        policies.declare(workspace, name="production", spec=spec)
    assert wrong.value.field == field
