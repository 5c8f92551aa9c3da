"""The challenger must answer as a server would let it answer, and take what clients send."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from meguru.registry.lookups import KnownModel
from meguru.releases.compatibility import incompatibilities
from meguru.releases.gates.base import GateTrial
from meguru.releases.types import GateResult, GateVerdict
from meguru.serving.loaded_model import rehearsed


class Loads(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``{"gate": "loads"}``: asked of every release, and first."""

    key: ClassVar[str] = "loads"

    def check(self) -> None:
        """There is nothing to choose."""

    def check_declaration(self, model: KnownModel) -> None:
        """Which models can be served shows when one is served, in `judge`."""

    def judge(self, trial: GateTrial) -> GateResult:
        """Ask the model its example as a server does, in every version of the endpoint's contract."""
        if trial.not_online:
            reason = f"views of {trial.challenger.ref} can't be read yet: {'; '.join(trial.not_online)}"
            return GateResult(gate=self.key, verdict=GateVerdict.UNDECIDED, reason=reason)
        bundle = trial.challenger.bundle
        bundle.check()
        numbers = {
            "example_rows": len(bundle.example.rows),
            "columns": len(bundle.signature.inputs),
            "contracts": [contract.version for contract in trial.contracts],
        }
        signature, plan = bundle.signature, trial.features
        broken = incompatibilities(trial.contracts, signature, bundle.predictor.task, trial.inputs, plan)
        if broken:
            reason = f"requests of clients would fail: {'; '.join(broken)}"
            return GateResult(
                gate=self.key, verdict=GateVerdict.FAILED, reason=reason, numbers=numbers | {"faults": broken}
            )
        served = rehearsed(
            bundle,
            endpoint=trial.endpoint,
            model_ref=trial.challenger.ref,
            record=trial.record,
            max_rows=trial.max_rows,
            contracts=trial.contracts,
            inputs=trial.inputs,
            features=trial.feature_inputs,
        )
        columns = len(signature.inputs)
        if not trial.contracts:
            taken = "there is no model to replace"
        elif served.default.features is not None:
            taken = f"takes {columns} columns, which {', '.join(plan.refs if plan else ())} give"
        elif served.mapped:
            made = sum(not source.plain for source in served.default.sources)
            taken = f"takes {columns} columns, {made} of which are made of what clients send"
        else:
            taken = f"takes the same {columns} columns"
        answers = (
            "answers its example as when it was saved"
            if served.has_example
            else "holds no example to be asked"
        )
        reason = f"it loads, {answers}, and {taken}"
        return GateResult(gate=self.key, verdict=GateVerdict.PASSED, reason=reason, numbers=numbers)
