"""The challenger must answer as a server would let it answer, and take what clients send."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from meguru.registry.known import KnownModel
from meguru.releases.compatible import breaks
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
        """Ask the model its example as a server does; compare its columns with those of the live model."""
        bundle = trial.challenger.bundle
        bundle.check()
        served = rehearsed(
            bundle,
            endpoint=trial.endpoint,
            model_ref=trial.challenger.ref,
            record=trial.record,
            max_rows=trial.max_rows,
        )
        numbers = {"example_rows": len(bundle.example.rows), "columns": len(bundle.signature.inputs)}
        live = trial.champion
        faults = breaks(live.bundle.signature, bundle.signature) if live else []
        if live and faults:
            reason = f"requests made for {live.ref} would fail: {'; '.join(faults)}"
            return GateResult(
                gate=self.key, verdict=GateVerdict.FAILED, reason=reason, numbers=numbers | {"faults": faults}
            )
        taken = (
            f"takes the same {len(bundle.signature.inputs)} columns"
            if live
            else "there is no model to replace"
        )
        answers = (
            "answers its example as when it was saved"
            if served.has_example
            else "holds no example to be asked"
        )
        reason = f"it loads, {answers}, and {taken}"
        return GateResult(gate=self.key, verdict=GateVerdict.PASSED, reason=reason, numbers=numbers)
