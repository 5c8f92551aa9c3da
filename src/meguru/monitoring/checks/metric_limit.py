"""What the checks have in common that hold a metric against that of the holdout."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec

from meguru.errors import InvalidInput, NotFound
from meguru.metrics import Metric, metric_of
from meguru.monitoring.measured import AUC, Estimate, MeasuredMetric, ModelPerformance
from meguru.registry.lookups import KnownModel
from meguru.stats.intervals import normal_quantile

ABSOLUTE, RELATIVE = 0.02, 0.05
"""How much worse is tolerated by default: of a metric within a span of 1, and, of another, as a share."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitComparison:
    """An estimate against the limit that it must not certainly be beyond.

    `worse` is how far even its better end is beyond the reference, 0 when it is not; `p_value` how often
    chance makes it as bad where nothing is worse, by its normal approximation.
    """

    limit: float
    tolerance: float
    reference: float
    breached: bool
    relation: str
    worse: float
    p_value: float


class MetricLimit(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A metric, what it is compared with, and by how much it may be worse; all in the metric's unit."""

    metric: str | dict[str, Any] | None = None
    tolerance: float | None = None
    reference: float | None = None

    def check_limit(self) -> None:
        """Refuse an unknown metric, what it can't be, and a tolerance that it never falls by."""
        try:
            metric = metric_of(AUC if self.metric is None else self.metric)
        except NotFound as error:
            raise InvalidInput(error.what, why=error.why, hint=error.hint, field="metric") from None
        if self.tolerance is not None and self.tolerance < 0:
            raise InvalidInput("tolerance must not be negative", field="tolerance")
        if metric.high - metric.low <= 1:
            self._check_bounded(metric)

    def _check_bounded(self, metric: Metric) -> None:
        for name, value in (("tolerance", self.tolerance), ("reference", self.reference)):
            if value is not None and not metric.low <= value <= metric.high:
                bounds = f"{metric.low:g} and {metric.high:g}"
                hint = "" if self.metric else "name the metric that it is of, as in rmse"
                raise InvalidInput(
                    f"{name} must lie between {bounds}", field=name, why=f"it is {value:g}", hint=hint
                )
        tolerance = ABSOLUTE if self.tolerance is None else self.tolerance
        best = metric.high if self.reference is None else self.reference
        if metric.direction == "higher" and tolerance >= best - metric.low:
            raise InvalidInput(
                f"no {_label(metric)} falls by more than this tolerance",
                field="tolerance",
                why=f"it is {tolerance:g}",
            )

    def metric_for(self, model: KnownModel) -> Metric:
        """Return the metric that a model is judged by.

        Raises
        ------
        InvalidInput
            When it does not measure such a model, or none is known that does.
        """
        if self.metric is None and not model.task.metrics:
            raise InvalidInput(
                f"{model.ref} is a {model.task.key} model, and no metric is known for such",
                field="check",
                hint='watch its columns and answers instead: {"check": "psi"}',
            )
        metric = metric_of(model.task.metrics[0] if self.metric is None else self.metric)
        if model.task.key not in metric.tasks:
            raise InvalidInput(
                f"{model.ref} is a {model.task.key} model, which {metric.name} does not measure",
                field="metric",
                hint=f"its metrics are {', '.join(model.task.metrics) or 'none'}",
            )
        return metric

    def of(self, performance: ModelPerformance) -> MeasuredMetric | None:
        """Return what the metric says of a model."""
        if self.metric is not None:
            return performance.measured(metric_of(self.metric).name)
        return performance.metrics[0] if performance.metrics else performance.measured(AUC)

    def reference_of(self, found: MeasuredMetric) -> float | None:
        """Return what the metric is compared with; None when nobody knows."""
        return found.reference if self.reference is None else self.reference

    def against_reference(self, found: MeasuredMetric, now: Estimate) -> LimitComparison | None:
        """Hold an estimate against the reference; None when there is none."""
        reference = self.reference_of(found)
        if reference is None:
            return None
        tolerance = self.tolerance_of(found, reference)
        up = found.direction == "higher"
        limit = reference - tolerance if up else reference + tolerance
        breached = now.high < limit if up else now.low > limit
        perhaps = now.low < limit if up else now.high > limit
        worse, well = ("below", "above") if up else ("above", "below")
        relation = f"is certainly {worse}" if breached else f"may be {worse}" if perhaps else f"is {well}"
        return LimitComparison(
            limit=limit,
            tolerance=tolerance,
            reference=reference,
            breached=breached,
            relation=relation,
            worse=max(0.0, reference - now.high if up else now.low - reference),
            p_value=_chance(reference - now.value if up else now.value - reference, now),
        )

    def tolerance_of(self, found: MeasuredMetric, reference: float) -> float:
        """Return by how much it may be worse than a reference, in the metric's unit."""
        if self.tolerance is not None:
            return self.tolerance
        return ABSOLUTE if found.bounded else RELATIVE * abs(reference)


def _chance(worse: float, now: Estimate) -> float:
    from scipy.special import ndtr

    # The standard error that the interval's width tells, as if it were a normal one.
    error = (now.high - now.low) / (2 * normal_quantile(now.level))
    return float(ndtr(-worse / error)) if error > 0 else float(worse <= 0)


def _label(metric: Metric) -> str:
    return "AUC" if metric.name == AUC else metric.name


def widened(found: Estimate, parts: int) -> Estimate:
    """Return an estimate with the interval that holds for so many of its like together (Bonferroni)."""
    one = normal_quantile(found.level)
    more = normal_quantile(1 - (1 - found.level) / max(parts, 1)) / one
    low, high = (
        found.value - more * (found.value - found.low),
        found.value + more * (found.high - found.value),
    )
    return msgspec.structs.replace(found, low=low, high=high)


def shown(found: Estimate) -> str:
    """Return an estimate with its interval, for people."""
    return f"{plain(found.value)} [{plain(found.low)}, {plain(found.high)}]"


def plain(value: float) -> str:
    """Return a metric's value, for people."""
    return f"{value:.3f}" if abs(value) < 100 else f"{value:,.1f}"
