"""The challenger must not be too large."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from meguru.errors import InvalidInput
from meguru.flavors.bundle import EVIDENCE
from meguru.registry.lookups import KnownModel
from meguru.releases.gates.base import GateTrial
from meguru.releases.types import GateResult, GateVerdict


class ModelSize(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``{"gate": "size", "at_most_mb": 50}``: the files that predict, without holdout and other evidence."""

    key: ClassVar[str] = "size"

    at_most_mb: float

    def check(self) -> None:
        """Refuse a size that is none."""
        if not 0 < self.at_most_mb < 1e9:
            raise InvalidInput("at_most_mb is above 0", field="at_most_mb", why=f"it is {self.at_most_mb:g}")

    def check_declaration(self, model: KnownModel) -> None:
        """How large a version is shows when there is one, in `judge`."""

    def judge(self, trial: GateTrial) -> GateResult:
        """Add up the files."""
        files = [path for path in trial.challenger.bundle.folder.rglob("*") if path.is_file()]
        size = sum(path.stat().st_size for path in files if path.name not in EVIDENCE) / 1e6
        passed = size <= self.at_most_mb
        reason = f"it has {size:,.2f} MB, {'as' if passed else 'but'} {self.at_most_mb:g} MB are allowed"
        return GateResult(
            gate=self.key,
            verdict=GateVerdict.PASSED if passed else GateVerdict.FAILED,
            reason=reason,
            numbers={"mb": size, "at_most_mb": self.at_most_mb},
        )
