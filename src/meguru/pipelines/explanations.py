"""What is said of why steps ran: plain data, which a command that asks a server needs without the rest."""

import msgspec

from meguru.pipelines.determinism.types import StepCheck
from meguru.pipelines.types import StepRun


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a step, and the reasons, most telling first; `compared_with` is the earlier step run.

    `seed` is what its random numbers are drawn from, `checked` the newest check of whether it is
    deterministic, `declared` what its author says of that.
    """

    step: StepRun
    reasons: list[str]
    compared_with: str | None = None
    seed: int | None = None
    declared: bool = True
    checked: StepCheck | None = None


class StepReasons(msgspec.Struct, frozen=True, kw_only=True):
    """Why one step of a run ran or was cached; `compared_with` is the earlier step run."""

    step: str
    reasons: list[str]
    compared_with: str | None = None
