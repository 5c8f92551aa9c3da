"""The challenger's answers must follow a change of its rows as is expected."""

from __future__ import annotations

from typing import ClassVar

from meguru.errors import InvalidInput
from meguru.releases.gates.base import GateTrial
from meguru.releases.gates.row_changes import RowChange
from meguru.releases.gates.steadiness import ChangedRowsGate, seed_of
from meguru.releases.types import GateResult

MAX_CHANGES = 20


class InvarianceGate(ChangedRowsGate, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``{"gate": "invariance", "change": {"column": "sex", "swap": ["m", "f"]}, "tolerance": 0.01}``.

    The model is asked its holdout, and again with the change (several are made one after the other): values
    swapped, set, missing, scaled, shifted, with noise or typos. Only rows that the change touches count. With
    ``"expect": "increases"`` a larger income may not lower a score; ``"stable"`` lets 5 % of the rows change.
    """

    key: ClassVar[str] = "invariance"

    change: RowChange | list[RowChange]

    @property
    def changes(self) -> list[RowChange]:
        """The changes, in their order."""
        return self.change if isinstance(self.change, list) else [self.change]

    def check(self) -> None:
        """Refuse options that make no sense."""
        if not 1 <= len(self.changes) <= MAX_CHANGES:
            raise InvalidInput(f"1 to {MAX_CHANGES} changes are made", field="change")
        for change in self.changes:
            change.check()
        self.check_options()

    def judge(self, trial: GateTrial) -> GateResult:
        """Ask the rows with and without the change."""
        before = self.asked_rows(trial)
        after = before
        for place, each in enumerate(self.changes):
            after = each.applied(after, seed_of(trial) + place)
        return self.compared(trial, before, after, " and ".join(change.words() for change in self.changes))
