"""A metric of the challenger must reach a value."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any, ClassVar, Literal

import msgspec

from meguru.errors import InvalidInput, near_misses
from meguru.metrics import find_metric
from meguru.registry.known import KnownModel
from meguru.releases.gates.base import GateTrial
from meguru.releases.types import GateResult, GateVerdict

_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    ">=": operator.ge,
    ">": operator.gt,
    "<=": operator.le,
    "<": operator.lt,
}


class MetricGate(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``{"gate": "metric", "metric": "auc", "op": ">=", "value": 0.6}``.

    A metric that was measured on the holdout takes the place of what the author of the model claims.
    """

    key: ClassVar[str] = "metric"

    metric: str
    value: float
    op: Literal[">=", ">", "<=", "<"] = ">="

    def check(self) -> None:
        """Refuse a value that the metric can't reach; of a metric of the author's own nothing is known."""
        if not math.isfinite(self.value):
            raise InvalidInput("a metric is compared with a number", field="value", why=f"it is {self.value}")
        low, high = _range(self.metric)
        reaches = [_COMPARE[self.op](end, self.value) for end in (low, high)]
        inside = low <= self.value <= high
        if not any([*reaches, inside and self.op in {">=", "<="}]) or not inside:
            who = "every model reaches" if all(reaches) else "no model reaches"
            span = f"from {low:g} to {high:g}" if math.isfinite(high) else f"{low:g} or more"
            raise InvalidInput(
                f"{who} {self.metric} {self.op} {self.value:g}", field="value", why=f"{self.metric} is {span}"
            )

    def check_declaration(self, model: KnownModel) -> None:
        """Refuse a metric that the model does not have."""
        if self.metric not in model.metrics:
            close = near_misses(self.metric, model.metrics)
            raise InvalidInput(
                f"{model.ref} has no metric {self.metric!r}",
                field="metric",
                why=f"it has {', '.join(sorted(model.metrics)[:12]) or 'none at all'}",
                hint=f"did you mean {close[0]!r}?" if close else "",
            )

    def judge(self, trial: GateTrial) -> GateResult:
        """Compare the metric with the value."""
        known = trial.challenger.known
        self.check_declaration(known)
        value = known.metrics[self.metric]
        passed = _COMPARE[self.op](value, self.value)
        wanted = f"{self.op} {self.value:g}"
        reason = f"{self.metric} is {value:.4f}, {'as' if passed else 'but'} {wanted} is wanted"
        return GateResult(
            gate=self.key,
            verdict=GateVerdict.PASSED if passed else GateVerdict.FAILED,
            reason=reason,
            numbers={"metric": self.metric, "value": value, "op": self.op, "wanted": self.value},
        )


def _range(metric: str) -> tuple[float, float]:
    """Return between which values a metric lies."""
    known = find_metric(metric)
    if known is None:
        return (0.0, 1.0) if metric == "label_rate" else (-math.inf, math.inf)
    return known.low, known.high
