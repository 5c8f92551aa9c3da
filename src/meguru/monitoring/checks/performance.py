"""Whether the live model still does as well as on its holdout, and whether a shadow does better."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import msgspec

from meguru.errors import InvalidInput, NotFound
from meguru.metrics import Metric, metric_of
from meguru.monitoring.performance import AskedMetric
from meguru.monitoring.types import (
    AUC,
    Estimate,
    Finding,
    MeasuredMetric,
    ModelPerformance,
    Role,
    Severity,
)
from meguru.monitoring.window import MonitoredWindow
from meguru.registry.known import KnownModel

ABSOLUTE, RELATIVE = 0.02, 0.05
"""How much worse is tolerated by default: of a metric within a span of 1, and, of another, as a share."""
MAX_SLICES = 5


class Performance(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``{"check": "performance", "metric": "auc", "tolerance": 0.02}``: a metric on known outcomes.

    By default it is the first metric of the model's task. The live model's drop is breached when even the
    better end of the 95 % interval is worse than the reference by more than `tolerance`. The reference is
    the metric of its holdout, or `reference` if that is given; both in the metric's unit. The tolerance is
    0.02 by default, of a metric without bounds 5 % of the reference. The metric is measured for each value of
    the columns `slices` too.
    """

    key: ClassVar[str] = "performance"
    severities: ClassVar[frozenset[Severity]] = frozenset({Severity.PERFORMANCE_DROP, Severity.SHADOW_BETTER})
    reads: ClassVar[frozenset[str]] = frozenset()

    metric: str | dict[str, Any] | None = None
    tolerance: float | None = None
    reference: float | None = None
    slices: list[str] = []

    def check(self) -> None:
        """Refuse an unknown metric, what it can't be, and a tolerance that it never falls by."""
        try:
            metric = metric_of(AUC if self.metric is None else self.metric)
        except NotFound as error:
            raise InvalidInput(error.what, why=error.why, hint=error.hint, field="metric") from None
        if len(self.slices) > MAX_SLICES:
            raise InvalidInput(f"at most {MAX_SLICES} columns are looked at by value", field="slices")
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

    def check_declaration(self, model: KnownModel) -> None:
        """Refuse a model that the metric does not measure."""
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

    def evaluate(self, window: MonitoredWindow) -> list[Finding]:
        """Compare the live model with its holdout, and with each shadow on the same rows."""
        live = window.live
        if live is None or self.missing(window):
            return []
        drop = self._drop(live)
        shadows = [self._against(live, each) for each in window.performance if each.role is Role.SHADOW]
        return [each for each in (drop, *shadows) if each is not None]

    def missing(self, window: MonitoredWindow) -> str:
        """Need enough known outcomes that the metric can tell from, and something to compare with."""
        live = window.live
        if live is None:
            return "no row was answered"
        if live.outcomes < window.min_rows:
            return f"only {live.outcomes} outcomes are known, and {window.min_rows} are needed"
        found = self._of(live)
        if found is None or found.estimate is None:
            if found is None or found.metric != AUC:
                return f"the outcomes don't tell {'a metric' if found is None else found.label}"
            return "the outcomes are not of two classes, 0 and 1"
        if self._reference(found) is None:
            return f"nobody knows the holdout {found.label} of {live.model}"
        return ""

    def _of(self, performance: ModelPerformance) -> MeasuredMetric | None:
        """Return what the metric says of a model."""
        if self.metric is not None:
            return performance.measured(metric_of(self.metric).name)
        return performance.metrics[0] if performance.metrics else performance.measured(AUC)

    def _reference(self, found: MeasuredMetric) -> float | None:
        return found.reference if self.reference is None else self.reference

    def _tolerance(self, found: MeasuredMetric, reference: float) -> float:
        if self.tolerance is not None:
            return self.tolerance
        return ABSOLUTE if found.bounded else RELATIVE * abs(reference)

    def _drop(self, live: ModelPerformance) -> Finding | None:
        found = self._of(live)
        reference = None if found is None else self._reference(found)
        if found is None or reference is None or found.estimate is None:
            return None
        up, now, tolerance = found.direction == "higher", found.estimate, self._tolerance(found, reference)
        limit = reference - tolerance if up else reference + tolerance
        breached = now.high < limit if up else now.low > limit
        perhaps = now.low < limit if up else now.high > limit
        worse, well = ("below", "above") if up else ("above", "below")
        relation = f"is certainly {worse}" if breached else f"may be {worse}" if perhaps else f"is {well}"
        return Finding(
            check=self.key,
            severity=Severity.PERFORMANCE_DROP,
            model=live.model,
            says=f"{found.label} {_shown(now)} {relation} {_plain(limit)}: "
            f"{_plain(reference)} on the holdout, tolerance {_plain(tolerance)}",
            breached=breached,
            statistic=now.value,
            threshold=limit,
            effect=max(0.0, reference - now.high if up else now.low - reference),
            n=now.n,
            floor=tolerance or None,
        )

    def _against(self, live: ModelPerformance, shadow: ModelPerformance) -> Finding | None:
        found = self._of(shadow)
        if found is None or (gap := found.difference) is None:
            return None
        up = found.direction == "higher"
        better = gap.high < 0 if up else gap.low > 0
        worse = gap.low > 0 if up else gap.high < 0
        relation = "certainly better" if better else "certainly worse" if worse else ""
        verb = "ranks" if found.metric == AUC else "does"
        relation = f"{verb} {relation or 'neither certainly better nor worse'}"
        return Finding(
            check=self.key,
            severity=Severity.SHADOW_BETTER,
            model=shadow.model,
            says=f"{shadow.model} {relation} than {live.model} on the same rows: "
            f"{found.label} differs by {_signed(-gap.value)} [{_signed(-gap.high)}, {_signed(-gap.low)}]",
            breached=better,
            statistic=-gap.value,
            threshold=0.0,
            effect=max(0.0, -gap.high if up else gap.low),
            n=gap.n,
        )


def asked_by(checks: Sequence[dict[str, Any]]) -> list[AskedMetric]:
    """Return the metrics that a monitor's checks judge by, with the columns that are looked at by value."""
    asked = [each for each in checks if each.get("check") == Performance.key]
    return [
        AskedMetric(
            metric=None if each.get("metric") is None else metric_of(each["metric"]),
            slices=tuple(each.get("slices") or ()),
        )
        for each in asked
    ]


def _label(metric: Metric) -> str:
    return "AUC" if metric.name == AUC else metric.name


def _shown(found: Estimate) -> str:
    return f"{_plain(found.value)} [{_plain(found.low)}, {_plain(found.high)}]"


def _plain(value: float) -> str:
    return f"{value:.3f}" if abs(value) < 100 else f"{value:,.1f}"


def _signed(value: float) -> str:
    return f"{value:+.3f}" if abs(value) < 100 else f"{value:+,.1f}"
