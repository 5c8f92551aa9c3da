"""People have to have answered what a checklist asks of this version."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from meguru.errors import InvalidInput
from meguru.governance.checklists.types import ChecklistItemState, ChecklistStanding
from meguru.registry.lookups import KnownModel
from meguru.releases.gates.base import GateTrial
from meguru.releases.types import GateResult, GateVerdict, ReleasePart

SHOWN = 5


class ChecklistGate(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``{"gate": "checklist", "checklist": "high-risk"}``: passes when each item is settled for this version.

    Settled is what is answered with yes, what does not apply for a reason, and what the records answer.
    An answer that was carried over from an earlier version has to be confirmed.
    """

    key: ClassVar[str] = "checklist"

    checklist: str

    def check(self) -> None:
        """Refuse no name."""
        if not self.checklist.strip():
            raise InvalidInput("which checklist?", field="checklist", hint="meguru checklist list")

    def check_declaration(self, model: KnownModel) -> None:
        """What is answered shows when a version is judged."""

    def judge(self, trial: GateTrial) -> GateResult:
        """Look where the challenger stands."""
        checklist_standing = trial.checklist(self.checklist)
        left = checklist_standing.unsettled
        states = [item_standing.state for item_standing in checklist_standing.items]
        numbers = {state.value: states.count(state) for state in ChecklistItemState if state in states}
        return GateResult(
            gate=self.key,
            verdict=GateVerdict.FAILED if left else GateVerdict.PASSED,
            reason=_unsettled(checklist_standing) if left else _settled(checklist_standing),
            numbers=numbers,
            inputs=[ReleasePart(ref=checklist_standing.checklist, digest=checklist_standing.digest)],
        )


def _settled(found: ChecklistStanding) -> str:
    return f"{found.checklist}: all {len(found.items)} items are settled for {found.model}"


def _unsettled(found: ChecklistStanding) -> str:
    left = found.unsettled
    named = ", ".join(
        f"{item_standing.item.id} ({item_standing.state.value.replace('_', ' ')})"
        for item_standing in left[:SHOWN]
    )
    more = f" and {len(left) - SHOWN} more" if len(left) > SHOWN else ""
    counted = f"{len(left)} of {len(found.items)} items are not settled"
    return f"{found.checklist}: {counted} for {found.model}: {named}{more}"
