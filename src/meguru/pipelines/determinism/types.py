"""What a check of determinism finds."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec

KIND = "step_check"
CHECKED, ASKED = "step_run.checked", "step_run.check_started"


class DeterminismVerdict(StrEnum):
    """What came of running a step twice.

    `changed`: both returned the same, but not what was kept when the step first ran.
    """

    EQUAL = "equal"
    DIFFERS = "differs"
    CHANGED = "changed"
    FAILED = "failed"
    SKIPPED = "skipped"


class StepCheck(msgspec.Struct, frozen=True, kw_only=True):
    """One step's check; `declared` is what its author says of it, `seed` what both runs drew from."""

    step: str
    verdict: DeterminismVerdict
    declared: bool = True
    seed: int = 0
    differences: list[str] = []
    at: datetime | None = None

    @property
    def is_surprise(self) -> bool:
        """Whether it is not as its author says."""
        return self.declared and self.verdict in {
            DeterminismVerdict.DIFFERS,
            DeterminismVerdict.CHANGED,
            DeterminismVerdict.FAILED,
        }


class DeterminismCheck(msgspec.Struct, frozen=True, kw_only=True):
    """A check of some steps of a run; `done` when every step has a result."""

    id: str
    run: str
    job: str
    steps: list[str]
    done: bool = False
    results: list[StepCheck] = []
