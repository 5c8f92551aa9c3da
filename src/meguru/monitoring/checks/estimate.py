"""Whether the live model is expected to be worse than on its holdout, before the outcomes are known."""

from __future__ import annotations

from typing import ClassVar

from meguru.errors import InvalidInput
from meguru.monitoring.checks.metric_limit import MetricLimit, plain, shown
from meguru.monitoring.estimated_classes import CLASS_METRICS
from meguru.monitoring.estimated_metrics import LOSS_METRICS
from meguru.monitoring.measured import MeasuredMetric, ModelPerformance
from meguru.monitoring.scores import SCORES
from meguru.monitoring.types import Finding, Severity
from meguru.monitoring.window import MonitoredWindow
from meguru.registry.lookups import KnownModel
from meguru.stats.estimates import CONFIDENCE_METRICS

MANY = "multiclass"
NUMBERS = frozenset({"regression", "forecast"})
ESTIMATED = "estimated before outcomes are known"


class EstimatedPerformance(MetricLimit, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``{"check": "estimate", "metric": "auc", "tolerance": 0.02}``: a metric before outcomes are known.

    The scores of the window say how often each outcome is to be expected, by what became of the holdout at
    the same scores (confidence-based estimation). It sees a window of harder rows; that the same scores come
    to mean something else it can't see. Once outcomes are known, what they say stands beside it.
    Of a model of numbers it is the error that rows like those of the window had on the holdout (direct loss
    estimation), if that has 1,000 rows. The drop is breached when even the better end of the 95 % interval
    is worse than the reference by more than `tolerance`; options are those of `performance`.
    """

    key: ClassVar[str] = "estimate"
    severities: ClassVar[frozenset[Severity]] = frozenset({Severity.ESTIMATED_DROP})
    reads: ClassVar[frozenset[str]] = frozenset()

    def check(self) -> None:
        """Refuse an unknown metric, what it can't be, and a tolerance that it never falls by."""
        self.check_limit()

    def check_declaration(self, model: KnownModel) -> None:
        """Refuse a model whose metric can't be estimated from its confidence."""
        metric = self.metric_for(model)
        able = CONFIDENCE_METRICS if model.task.key in SCORES else LOSS_METRICS
        able = CLASS_METRICS if model.task.key == MANY else able
        if model.task.key not in SCORES | NUMBERS | {MANY} or metric.name not in able:
            raise InvalidInput(
                f"{metric.name} of a {model.task.key} model can't be estimated before outcomes are known",
                field="metric",
                hint=f"of two classes: {', '.join(CONFIDENCE_METRICS)}; of more: accuracy, log_loss; "
                "of a number: mae, rmse",
            )

    def evaluate(self, window: MonitoredWindow) -> list[Finding]:
        """Hold what is expected of the live model against its holdout."""
        live = window.live
        metric = None if live is None else self.of(live)
        if live is None or metric is None or self.missing(window):
            return []
        return [finding for finding in [self._drop(live, metric)] if finding is not None]

    def missing(self, window: MonitoredWindow) -> str:
        """Need enough rows, scores, and a holdout of which is known what became of it."""
        live = window.live
        if live is None:
            return "no row was answered"
        if live.rows < window.min_rows:
            return f"only {live.rows} rows, and {window.min_rows} are needed"
        metric = self.of(live)
        if metric is None or metric.expected is None:
            baseline = window.baseline
            if baseline is None or not (baseline.outcomes or baseline.losses):
                return f"nobody knows what became of the holdout of {live.model} by score"
            name = "the metric" if metric is None else metric.label
            return f"{name} can't be estimated from the scores of this window"
        if self.reference_of(metric) is None:
            return f"nobody knows the holdout {metric.label} of {live.model}"
        return ""

    def _drop(self, live: ModelPerformance, found: MeasuredMetric) -> Finding | None:
        if (now := found.expected) is None or (comparison := self.against_reference(found, now)) is None:
            return None
        realised = found.estimate
        later = f"estimated, and {realised.n:,} outcomes say {shown(realised)}" if realised else ESTIMATED
        return Finding(
            check=self.key,
            severity=Severity.ESTIMATED_DROP,
            model=live.model,
            says=f"{found.label} {shown(now)} {comparison.relation} {plain(comparison.limit)}: "
            f"{plain(comparison.reference)} on the holdout, tolerance {plain(comparison.tolerance)}; {later}",
            breached=comparison.breached,
            statistic=now.value,
            threshold=comparison.limit,
            effect=comparison.worse,
            n=now.n,
            floor=comparison.tolerance or None,
        )
