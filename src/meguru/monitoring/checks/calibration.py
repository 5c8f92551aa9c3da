"""Whether the live model's probabilities are the shares that they say."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from meguru.errors import InvalidInput
from meguru.monitoring.checks.metric_limit import plain, shown
from meguru.monitoring.measured import Estimate, ModelPerformance
from meguru.monitoring.types import Finding, Severity
from meguru.monitoring.window import MonitoredWindow
from meguru.registry.lookups import KnownModel
from meguru.stats.estimates import ScoreOutcomes

BINS = 15
METRIC = f"calibration_error@{BINS}"
TASKS = frozenset({"binary", "multiclass"})


class CalibrationCheck(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``{"check": "calibration", "tolerance": 0.03}``: probabilities against what happened.

    The expected calibration error is the mean gap between what probabilities say and how often it happens.
    It is breached when even the lower end of its 95 % interval is above that of the holdout by more than
    `tolerance`. Where the holdout's is not known, it counts as 0.
    """

    key: ClassVar[str] = "calibration"
    severities: ClassVar[frozenset[Severity]] = frozenset({Severity.MISCALIBRATED})
    reads: ClassVar[frozenset[str]] = frozenset()

    tolerance: float = 0.03

    def check(self) -> None:
        """Refuse a tolerance that no error is beyond."""
        if not 0 < self.tolerance < 1:
            why = f"it is {self.tolerance:g}"
            raise InvalidInput("tolerance must lie between 0 and 1", field="tolerance", why=why)

    def check_declaration(self, model: KnownModel) -> None:
        """Refuse a model that gives no probabilities."""
        if model.task.key not in TASKS:
            what = f"{model.ref} is a {model.task.key} model, which {METRIC} does not measure"
            raise InvalidInput(what, field="check", hint=f"it is for {', '.join(sorted(TASKS))}")

    def evaluate(self, window: MonitoredWindow) -> list[Finding]:
        """Hold the calibration error against that of the holdout."""
        live = window.live
        if live is None or self.missing(window) or (now := _error(live)) is None:
            return []
        before = self._before(window, live)
        limit = before + self.tolerance
        breached = now.low > limit
        relation = "is certainly above" if breached else "may be above" if now.high > limit else "is below"
        return [
            Finding(
                check=self.key,
                severity=Severity.MISCALIBRATED,
                model=live.model,
                says=f"calibration error {shown(now)} {relation} {plain(limit)}{_slope(live)}",
                breached=breached,
                statistic=now.value,
                threshold=limit,
                effect=max(0.0, now.low - before),
                floor=self.tolerance,
                n=now.n,
            )
        ]

    def missing(self, window: MonitoredWindow) -> str:
        """Need enough outcomes that stand for all rows, and answers that are probabilities."""
        live = window.live
        if live is None:
            return "no row was answered"
        if live.outcomes < window.min_rows:
            return f"only {live.outcomes} outcomes are known, and {window.min_rows} are needed"
        if window.selective:
            return window.selective
        return "" if _error(live) else "the answers are no probabilities"

    def _before(self, window: MonitoredWindow, live: ModelPerformance) -> float:
        metric = live.measured(METRIC)
        if metric is not None and metric.reference is not None:
            return metric.reference
        known = window.baseline.outcomes if window.baseline else {}
        return holdout_error(next(iter(known.values()))) if len(known) == 1 else 0.0


def holdout_error(known: ScoreOutcomes) -> float:
    """Return the calibration error of what is known by score; 0 where scores are no probabilities."""
    import numpy as np

    if not known.total or known.scores[0] < 0 or known.scores[-1] > 1:
        return 0.0
    place = np.minimum((known.scores * BINS).astype(np.int64), BINS - 1)
    gaps = np.bincount(place, weights=known.scores * known.rows - known.positives)
    return float(np.abs(gaps).sum() / known.total)


def _error(live: ModelPerformance) -> Estimate | None:
    metric = live.measured(METRIC)
    return None if metric is None else metric.estimate


def _slope(live: ModelPerformance) -> str:
    reliability = live.reliability
    if reliability is None or reliability.slope is None or reliability.intercept is None:
        return ""
    return f"; log odds have slope {reliability.slope:.2f} and intercept {reliability.intercept:+.2f}"
