"""A metric of the challenger must reach a value."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, ClassVar, Literal

import msgspec

from meguru.errors import near_misses
from meguru.releases.gates.base import Trial
from meguru.releases.types import GateResult, Verdict

_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    ">=": operator.ge,
    ">": operator.gt,
    "<=": operator.le,
    "<": operator.lt,
}


class Metric(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``{"gate": "metric", "metric": "auc", "op": ">=", "value": 0.6}``.

    A metric that was measured on the holdout takes the place of what the author of the model claims.
    """

    key: ClassVar[str] = "metric"

    metric: str
    value: float
    op: Literal[">=", ">", "<=", "<"] = ">="

    def check(self) -> None:
        """Every metric may be asked for; whether the model has it shows when it is judged."""

    def judge(self, trial: Trial) -> GateResult:
        """Compare the metric with the value."""
        known = trial.challenger.bundle.evaluation.metrics
        if self.metric not in known:
            close = near_misses(self.metric, known)
            hint = f"; did you mean {close[0]!r}?" if close else ""
            reason = f"{trial.challenger.ref} has no metric {self.metric!r}{hint}"
            return GateResult(gate=self.key, verdict=Verdict.FAILED, reason=reason)
        value = known[self.metric]
        passed = _COMPARE[self.op](value, self.value)
        wanted = f"{self.op} {self.value:g}"
        reason = f"{self.metric} is {value:.4f}, {'as' if passed else 'but'} {wanted} is wanted"
        return GateResult(
            gate=self.key,
            verdict=Verdict.PASSED if passed else Verdict.FAILED,
            reason=reason,
            numbers={"metric": self.metric, "value": value, "op": self.op, "wanted": self.value},
        )
