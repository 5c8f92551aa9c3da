"""Whether the live model still does as well as on its holdout, and whether a shadow does better."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from meguru.errors import InvalidInput
from meguru.metrics import metric_of
from meguru.monitoring.checks.metric_limit import MetricLimit, plain, shown
from meguru.monitoring.performance import AskedMetric
from meguru.monitoring.types import AUC, Finding, ModelPerformance, Role, Severity
from meguru.monitoring.window import MonitoredWindow
from meguru.registry.known import KnownModel

MAX_SLICES = 5


class Performance(MetricLimit, frozen=True, kw_only=True, forbid_unknown_fields=True):
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

    slices: tuple[str, ...] = ()

    def check(self) -> None:
        """Refuse an unknown metric, what it can't be, and a tolerance that it never falls by."""
        if len(self.slices) > MAX_SLICES:
            raise InvalidInput(f"at most {MAX_SLICES} columns are looked at by value", field="slices")
        self.check_limit()

    def check_declaration(self, model: KnownModel) -> None:
        """Refuse a model that the metric does not measure."""
        self.metric_for(model)

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
        found = self.of(live)
        if found is None or found.estimate is None:
            if found is None or found.metric != AUC:
                return f"the outcomes don't tell {'a metric' if found is None else found.label}"
            return "the outcomes are not of two classes, 0 and 1"
        if self.reference_of(found) is None:
            return f"nobody knows the holdout {found.label} of {live.model}"
        return ""

    def _drop(self, live: ModelPerformance) -> Finding | None:
        found = self.of(live)
        if found is None or (now := found.estimate) is None or (held := self.hold(found, now)) is None:
            return None
        return Finding(
            check=self.key,
            severity=Severity.PERFORMANCE_DROP,
            model=live.model,
            says=f"{found.label} {shown(now)} {held.relation} {plain(held.limit)}: "
            f"{plain(held.reference)} on the holdout, tolerance {plain(held.tolerance)}",
            breached=held.breached,
            statistic=now.value,
            threshold=held.limit,
            effect=held.worse,
            p_value=held.p_value,
            n=now.n,
            floor=held.tolerance or None,
        )

    def _against(self, live: ModelPerformance, shadow: ModelPerformance) -> Finding | None:
        found = self.of(shadow)
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


def _signed(value: float) -> str:
    return f"{value:+.3f}" if abs(value) < 100 else f"{value:+,.1f}"
