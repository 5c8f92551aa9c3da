"""Whether the live model still does as well as on its holdout, and whether a shadow does better."""

from __future__ import annotations

from typing import ClassVar, Literal

import msgspec

from meguru.errors import InvalidInput
from meguru.monitoring.checks.metric_limit import LimitComparison, MetricLimit, plain, shown, widened
from meguru.monitoring.measured import AUC, Estimate, MeasuredMetric, ModelPerformance, Role, SliceEstimate
from meguru.monitoring.types import Finding, Severity
from meguru.monitoring.window import MonitoredWindow
from meguru.registry.lookups import KnownModel

MAX_SLICES = 5


class Performance(MetricLimit, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``{"check": "performance", "metric": "auc", "tolerance": 0.02}``: a metric on known outcomes.

    By default it is the first metric of the model's task. The live model's drop is breached when even the
    better end of the 95 % interval is worse than the reference by more than `tolerance`. The reference is
    the metric of its holdout, or `reference` if that is given; both in the metric's unit. The tolerance is
    0.02 by default, of a metric without bounds 5 % of the reference. The metric is measured for each value of
    the columns `slices` too; with a `slice_tolerance` each of them is held against the same reference, by
    intervals that hold for all of them together. Where outcomes came for some kind of rows only, nothing is
    judged, unless `selective` says "judge".
    """

    key: ClassVar[str] = "performance"
    severities: ClassVar[frozenset[Severity]] = frozenset({Severity.PERFORMANCE_DROP, Severity.SHADOW_BETTER})
    reads: ClassVar[frozenset[str]] = frozenset()

    slices: tuple[str, ...] = ()
    slice_tolerance: float | None = None
    selective: Literal["unknown", "judge"] = "unknown"

    def check(self) -> None:
        """Refuse an unknown metric, what it can't be, and a tolerance that it never falls by."""
        if len(self.slices) > MAX_SLICES:
            raise InvalidInput(f"at most {MAX_SLICES} columns are looked at by value", field="slices")
        if self.slice_tolerance is not None and (self.slice_tolerance < 0 or not self.slices):
            hint = "" if self.slices else "name the columns too, as in slices"
            what = "slice_tolerance is how much worse slices may be, 0 or more"
            raise InvalidInput(what, field="slice_tolerance", hint=hint)
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
        slices = self._slices(live, window.min_rows) if self.slice_tolerance is not None else []
        return [each for each in (drop, *slices, *shadows) if each is not None]

    def missing(self, window: MonitoredWindow) -> str:
        """Need enough known outcomes that the metric can tell from, and something to compare with."""
        live = window.live
        if live is None:
            return "no row was answered"
        if live.outcomes < window.min_rows:
            return f"only {live.outcomes} outcomes are known, and {window.min_rows} are needed"
        if window.selective and self.selective == "unknown":
            return window.selective
        return self._untold(live)

    def _untold(self, live: ModelPerformance) -> str:
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
        if (
            found is None
            or (now := found.estimate) is None
            or (held := self.against_reference(found, now)) is None
        ):
            return None
        return Finding(
            check=self.key,
            severity=Severity.PERFORMANCE_DROP,
            model=live.model,
            says=_held_words(found, now, held),
            breached=held.breached,
            statistic=now.value,
            threshold=held.limit,
            effect=held.worse,
            p_value=held.p_value,
            n=now.n,
            floor=held.tolerance or None,
        )

    def _slices(self, live: ModelPerformance, min_rows: int) -> list[Finding | None]:
        """Hold each slice with enough rows against the reference, by intervals for all together."""
        found = self.of(live)
        if found is None:
            return []
        known = [each for each in found.slices if each.estimate.n >= min_rows]
        return [self._slice(live, found, each, len(known)) for each in known]

    def _slice(
        self, live: ModelPerformance, found: MeasuredMetric, part: SliceEstimate, parts: int
    ) -> Finding | None:
        now = widened(part.estimate, parts)
        held = msgspec.structs.replace(self, tolerance=self.slice_tolerance).against_reference(found, now)
        if held is None:
            return None
        which = f"{part.column}={part.value}"
        return Finding(
            check=self.key,
            severity=Severity.PERFORMANCE_DROP,
            model=live.model,
            slice=which,
            says=f"of rows with {which} alone; {_held_words(found, now, held)}",
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


def _held_words(found: MeasuredMetric, now: Estimate, held: LimitComparison) -> str:
    return (
        f"{found.label} {shown(now)} {held.relation} {plain(held.limit)}: "
        f"{plain(held.reference)} on the holdout, tolerance {plain(held.tolerance)}"
    )


def _signed(value: float) -> str:
    return f"{value:+.3f}" if abs(value) < 100 else f"{value:+,.1f}"
