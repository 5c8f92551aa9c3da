"""A metric of the challenger must reach a value."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any, ClassVar, Literal

from meguru.errors import InvalidInput, near_misses
from meguru.flavors.comparing import score_models
from meguru.flavors.measures import Measure, MetricOptions, measured
from meguru.metrics import METRICS, find_metric, metric_of
from meguru.registry.lookups import KnownModel
from meguru.releases.gates.base import GateTrial
from meguru.releases.gates.evidence import RowsGate, SlicePart, metric_that_fits, named_metric
from meguru.releases.gates.rows import views
from meguru.releases.types import GateResult, GateVerdict

_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    ">=": operator.ge,
    ">": operator.gt,
    "<=": operator.le,
    "<": operator.lt,
}


class MetricGate(RowsGate, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``{"gate": "metric", "metric": "auc", "op": ">=", "value": 0.6, "bound": "low"}``.

    A metric that was measured on the holdout takes the place of what the author of the model claims. With
    `bound` an end of the interval is compared, so that few rows can't pass by luck.
    """

    key: ClassVar[str] = "metric"

    metric: MetricOptions
    value: float
    op: Literal[">=", ">", "<=", "<"] = ">="
    bound: Literal["low", "value", "high"] = "value"

    def check(self) -> None:
        """Refuse a value that the metric can't reach; of a metric of the author's own nothing is known."""
        self.check_rows()
        if not math.isfinite(self.value):
            raise InvalidInput("a metric is compared with a number", field="value", why=f"it is {self.value}")
        low, high = self._range()
        reaches = [_COMPARE[self.op](end, self.value) for end in (low, high)]
        inside = low <= self.value <= high
        if not any([*reaches, inside and self.op in {">=", "<="}]) or not inside:
            who = "every model reaches" if all(reaches) else "no model reaches"
            span = f"from {low:g} to {high:g}" if math.isfinite(high) else f"{low:g} or more"
            span = span if math.isfinite(low) else f"{high:g} or less"
            raise InvalidInput(
                f"{who} {self.name} {self.op} {self.value:g}", field="value", why=f"{self.name} is {span}"
            )

    @property
    def name(self) -> str:
        """The metric's name."""
        metric = find_metric(self.metric) if isinstance(self.metric, str) else metric_of(self.metric)
        return metric.name if metric else str(self.metric)

    def check_declaration(self, model: KnownModel) -> None:
        """Refuse a metric that the model does not have, and that can't be measured on such a model."""
        named = find_metric(self.metric) if isinstance(self.metric, str) else metric_of(self.metric)
        if self._is_kept(model) or (named is None and self.name in model.metrics):
            return
        if named is None:
            close = near_misses(self.name, [*model.metrics, *METRICS.names()])
            raise InvalidInput(
                f"{model.ref} has no metric {self.name!r}",
                field="metric",
                why=f"it has {', '.join(sorted(model.metrics)[:12]) or 'none at all'}",
                hint=f"did you mean {close[0]!r}?" if close else "",
            )
        metric_that_fits(self.metric, model.task, model.ref, model.metrics)

    def judge(self, trial: GateTrial) -> GateResult:
        """Compare the metric with the value."""
        model = trial.challenger.known
        self.check_declaration(model)
        parts: list[tuple[SlicePart, Measure | None]] = []
        if self._is_kept(model):
            whole = Measure(metric=self.name, value=model.metrics[self.name])
        else:
            whole, parts = self._measured(trial)
        judged = [(part, measure) for part, measure in parts if measure is not None]
        failed = [(part, measure) for part, measure in judged if not self._passes(measure)]
        reason = self._says(whole) + (f"; where {self.where}" if self.where else "")
        if self.slices:
            told = [(part, self._says(each)) for part, each in failed]
            reason = "; ".join([reason, *self.says_slices(told, len(judged), len(parts) - len(judged))])
        passed = self._passes(whole) and not failed
        return GateResult(
            gate=self.key,
            verdict=GateVerdict.PASSED if passed else GateVerdict.FAILED,
            reason=reason,
            numbers=self._numbers(whole, judged),
        )

    def _is_kept(self, model: KnownModel) -> bool:
        """Say whether the number is known already, measured or claimed."""
        return (
            not (self.slices or self.golden or self.where)
            and self.name in model.metrics
            and self.bound == "value"
        )

    def _range(self) -> tuple[float, float]:
        metric = find_metric(self.metric) if isinstance(self.metric, str) else metric_of(self.metric)
        if metric is None:
            return (0.0, 1.0) if self.metric == "label_rate" else (-math.inf, math.inf)
        return metric.low, metric.high

    def _measured(self, trial: GateTrial) -> tuple[Measure, list[tuple[SlicePart, Measure | None]]]:
        model = trial.challenger.bundle
        measure = model.evaluation.measure(self.name)
        if measure and measure.level == self.confidence and not (self.slices or self.golden or self.where):
            return measure, []
        metric = named_metric(self.metric, model.evaluation.asked)
        evidence = self.evidence(trial)
        (rows,) = score_models([model], evidence, metric.columns, views(trial, golden=bool(self.golden))[:1])
        unit = getattr(model.task, "unit", "")

        def found(part: Any) -> Measure:
            return measured(metric, metric.interval(part, level=self.confidence), unit)

        parts = [
            (slice_part, found(slice_part.rows[0]) if slice_part.judged else None)
            for slice_part in self.parts(evidence, rows)
        ]
        return found(rows), parts

    def _passes(self, measure: Measure) -> bool:
        number = {"low": measure.low, "value": measure.value, "high": measure.high}[self.bound]
        return number is not None and _COMPARE[self.op](number, self.value)

    def _says(self, measure: Measure) -> str:
        if math.isnan(measure.value):
            return f"{measure.metric} can't be told from {measure.n:,} rows"
        wanted, as_or_but = f"{self.op} {self.value:g}", "as" if self._passes(measure) else "but"
        if self.bound == "value":
            return f"{measure.metric} is {measure.value:.4f}, {as_or_but} {wanted} is wanted"
        end = "lower" if self.bound == "low" else "upper"
        span = "no interval" if measure.low is None else f"{measure.low:.4f} to {measure.high:.4f}"
        told = f"{measure.metric} is {measure.value:.4f} ({span})"
        return f"{told}, {as_or_but} {wanted} for its {end} bound is wanted"

    def _numbers(self, whole: Measure, judged: list[tuple[SlicePart, Measure]]) -> dict[str, Any]:
        numbers: dict[str, Any] = {"metric": self.name, "value": _finite(whole.value), "op": self.op}
        numbers["wanted"] = self.value
        numbers |= {"where": self.where} if self.where else {}
        if whole.low is not None:
            numbers |= {"bound": self.bound, "low": whole.low, "high": whole.high, "n": whole.n}
            numbers["confidence"] = self.confidence
        if self.slices:
            numbers["slices"] = [
                {
                    "slice": part.name,
                    "value": part.value,
                    "metric": _finite(each.value),
                    "low": each.low,
                    "high": each.high,
                    "n": each.n,
                }
                for part, each in judged
            ]
        return numbers


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
