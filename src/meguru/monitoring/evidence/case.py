"""What is known of a window when its cause is looked for, each question answered once."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cached_property
from itertools import takewhile

from meguru.monitoring.measured import Estimate, MeasuredMetric, ModelPerformance, Role
from meguru.monitoring.types import Finding, Severity
from meguru.monitoring.window import MonitoredWindow, PastWindow

WORSE_SEVERITIES = frozenset(
    {Severity.PERFORMANCE_DROP, Severity.BUSINESS_MISS, Severity.UNFAIR, Severity.ESTIMATED_DROP}
)
"""What says that predictions are worse, or are going to be."""
MANY_SHARE = 0.3
"""From such a share of the compared columns on, the inputs as a whole moved."""
_DAY, _WEEK, _YEAR = timedelta(days=1), timedelta(days=7), timedelta(days=365)


class WindowCase:
    """A window with what its checks found, asked what happened in it."""

    def __init__(self, window: MonitoredWindow, findings: Sequence[Finding]) -> None:
        self.window, self.findings = window, findings

    def breached(self, *severities: Severity) -> list[Finding]:
        """Return the findings of some severities that are beyond their thresholds."""
        return [finding for finding in self.findings if finding.breached and finding.severity in severities]

    @cached_property
    def moved(self) -> list[str]:
        """The input columns that drifted."""
        return list(dict.fromkeys(finding.column for finding in self.breached(Severity.INPUT_DRIFT)))

    @cached_property
    def compared(self) -> int:
        """How many input columns were compared with the baseline."""
        return sum(column.severity is Severity.INPUT_DRIFT for column in self.window.columns)

    @property
    def many_moved(self) -> bool:
        """Whether so many inputs moved that the rows as a whole are others."""
        return bool(self.moved) and len(self.moved) >= MANY_SHARE * self.compared

    @cached_property
    def is_worse(self) -> bool:
        """Whether predictions are worse, or expected to be."""
        return bool(self.breached(*WORSE_SEVERITIES))

    @cached_property
    def former(self) -> str:
        """The model that answered before the live one, within this window or before it; empty if none."""
        within = next(
            (performance.model for performance in self.window.performance if performance.role is Role.FORMER),
            "",
        )
        before = self.before[-1].model if self.before else ""
        return within or (before if before and before != self.window.model else "")

    @cached_property
    def before(self) -> list[PastWindow]:
        """The windows before in which something was answered, oldest first."""
        return [window for window in self.window.past if window.model]

    @property
    def since_release(self) -> list[PastWindow]:
        """The windows just before that the live model answered too, the newest first."""
        return list(takewhile(lambda each: each.model == self.window.model, reversed(self.before)))

    @cached_property
    def judged(self) -> MeasuredMetric | None:
        """The metric that the live model is judged by."""
        return self._judged(self.window.performance)

    @staticmethod
    def _judged(performance: Sequence[ModelPerformance]) -> MeasuredMetric | None:
        live = next(
            (model_performance for model_performance in performance if model_performance.role is Role.LIVE),
            None,
        )
        return live.metrics[0] if live and live.metrics else None

    @cached_property
    def beside(self) -> list[tuple[str, bool]]:
        """The other models of this window, and whether each is certainly worse than it was."""
        metric = self.judged.metric if self.judged else ""
        found = []
        for performance in self.window.performance:
            if performance.role is Role.LIVE or (measured := performance.measured(metric)) is None:
                continue
            known = self._known_of(performance.model, metric, measured)
            if measured.estimate is not None and known is not None:
                found.append(
                    (performance.model, _certainly_worse(measured.estimate, known, measured.direction))
                )
        return found

    def _known_of(self, model: str, metric: str, measured: MeasuredMetric) -> float | None:
        """Return how good a model was: on its holdout, else in the windows before."""
        if measured.reference is not None:
            return measured.reference
        values = []
        for past in self.before:
            of_model = next(
                (performance for performance in past.performance if performance.model == model), None
            )
            measured_metric = of_model.measured(metric) if of_model else None
            values += [measured_metric.estimate.value] if measured_metric and measured_metric.estimate else []
        return statistics.median(values) if values else None

    @property
    def all_fell(self) -> bool:
        """Whether there are models beside the live one, and each is worse than it was."""
        return bool(self.beside) and all(fell for _, fell in self.beside)

    @cached_property
    def coverage(self) -> float:
        """The share of rows whose outcome is known."""
        return self.window.outcomes / self.window.rows if self.window.rows else 0.0

    @cached_property
    def usual_coverage(self) -> float | None:
        """That share in the windows before, the middle one; None if there are none."""
        live = [_live(window.performance) for window in self.before]
        shares = [
            performance.outcomes / performance.rows
            for performance in live
            if performance is not None and performance.rows
        ]
        return statistics.median(shares) if shares else None

    @property
    def is_covered(self) -> bool:
        """Whether the outcome of about all rows is known, or of about as many as usual."""
        return self.coverage >= 0.9 * min(1.0, 1.0 if self.usual_coverage is None else self.usual_coverage)

    @cached_property
    def expected(self) -> Estimate | None:
        """What the judged metric is estimated to be of all rows, without outcomes; None if nobody knows."""
        return self.judged.expected if self.judged else None

    @property
    def expected_better(self) -> bool:
        """Whether the estimate is certainly better than what the outcomes say."""
        estimate = self.judged.estimate if self.judged else None
        if estimate is None or self.expected is None or self.judged is None:
            return False
        if self.judged.direction == "higher":
            return self.expected.low > estimate.high
        return self.expected.high < estimate.low

    @cached_property
    def same_period(self) -> list[PastWindow]:
        """The windows of the same season before: of the same time of the year, the week or the day."""
        start, end = self.window.start, self.window.end
        if start is None or end is None:
            return []
        return [window for window in self.window.past if _same_season(window.start, start, end - start)]

    def moved_in(self, past: PastWindow) -> list[str]:
        """Return which of the columns that moved now had moved in an earlier window, too."""
        there = {finding.column for finding in past.findings if finding.breached}
        return [column for column in self.moved if column in there]


def _live(performance: Sequence[ModelPerformance]) -> ModelPerformance | None:
    return next(
        (model_performance for model_performance in performance if model_performance.role is Role.LIVE), None
    )


def _certainly_worse(found: Estimate, known: float, direction: str) -> bool:
    return found.high < known if direction == "higher" else found.low > known


def _same_season(past: datetime, start: datetime, length: timedelta) -> bool:
    """Tell whether an earlier window began at the same time of a longer round than its own length."""
    apart = start - past
    rounds = [each for each in (_DAY, _WEEK, _YEAR) if length <= each / 2]
    return any(_is_round(apart, each, length / 2) for each in rounds)


def _is_round(apart: timedelta, round: timedelta, near: timedelta) -> bool:
    times = apart / round
    return times > 0.5 and abs(apart - round * max(1, int(times + 0.5))) < near
