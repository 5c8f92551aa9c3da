"""The challenger must load safely, answer its own example, and take what clients send."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from meguru.releases.compatible import breaks
from meguru.releases.gates.base import Trial
from meguru.releases.types import GateResult, Verdict


class Loads(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``{"gate": "loads"}``: asked of every release, and first."""

    key: ClassVar[str] = "loads"

    def check(self) -> None:
        """There is nothing to choose."""

    def judge(self, trial: Trial) -> GateResult:
        """Load the model, ask it its example again, and compare its columns with those of the live model."""
        bundle = trial.challenger.bundle
        bundle.check()
        numbers = {"example_rows": len(bundle.example.rows), "columns": len(bundle.signature.inputs)}
        live = trial.champion
        faults = breaks(live.bundle.signature, bundle.signature) if live else []
        if live and faults:
            reason = f"requests made for {live.ref} would fail: {'; '.join(faults)}"
            return GateResult(
                gate=self.key, verdict=Verdict.FAILED, reason=reason, numbers=numbers | {"faults": faults}
            )
        taken = (
            f"takes the same {len(bundle.signature.inputs)} columns"
            if live
            else "there is no model to replace"
        )
        reason = f"it loads, answers its example as when it was saved, and {taken}"
        return GateResult(gate=self.key, verdict=Verdict.PASSED, reason=reason, numbers=numbers)
