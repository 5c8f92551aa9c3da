"""What metrics said of the models of a window."""

from enum import StrEnum

import msgspec

from meguru.monitoring.reliability import Reliability

AUC = "auc"
"""The metric of models with one score, and of all reports that name none."""


class Role(StrEnum):
    """What a model did in a window."""

    LIVE = "live"
    FORMER = "former"
    """It answered earlier rows of the window, before the live one took over."""
    SHADOW = "shadow"


class Estimate(msgspec.Struct, frozen=True, kw_only=True):
    """A number with the interval that holds the truth with probability `level`."""

    value: float
    low: float
    high: float
    level: float
    method: str
    n: int


class SliceEstimate(msgspec.Struct, frozen=True, kw_only=True):
    """A metric over the rows with one value of a column."""

    column: str
    value: str
    estimate: Estimate


class MeasuredMetric(msgspec.Struct, frozen=True, kw_only=True):
    """What one metric says of one model in a window.

    `metric` is its name, `direction` whether more or less of it is better, `bounded` whether it lies within
    a span of 1, as a share does. `reference` is what it said of the model's holdout. `difference` is the live
    model's value minus this one's, paired, on the rows that both answered. `expected` is what it is estimated
    to be of all rows, before their outcomes are known.
    """

    metric: str
    direction: str = "higher"
    unit: str = ""
    bounded: bool = True
    estimate: Estimate | None = None
    reference: float | None = None
    difference: Estimate | None = None
    slices: list[SliceEstimate] = []
    expected: Estimate | None = None

    @property
    def label(self) -> str:
        """What people call it."""
        return "AUC" if self.metric == AUC else self.metric


class ModelPerformance(msgspec.Struct, frozen=True, kw_only=True):
    """How well one model did on the rows whose outcome is known, by each metric of its task.

    `metrics` begin with the one that its monitor judges; `reliability` is of the live model alone. For models
    with one score `auc` is None without two classes of outcomes, `brier` None when scores are no
    probabilities; `reference` is the AUC of its holdout, `difference` the live model's AUC minus this one's,
    on the rows that both scored.
    """

    model: str
    role: Role
    rows: int
    outcomes: int
    auc: Estimate | None = None
    brier: float | None = None
    reference: float | None = None
    difference: Estimate | None = None
    metrics: list[MeasuredMetric] = []
    reliability: Reliability | None = None

    def measured(self, metric: str) -> MeasuredMetric | None:
        """Return what a metric says of it; None when it was not measured. Old reports have the AUC alone."""
        measured_metric = next((each for each in self.metrics if each.metric == metric), None)
        if measured_metric is not None or metric != AUC or self.metrics:
            return measured_metric
        return MeasuredMetric(
            metric=AUC, estimate=self.auc, reference=self.reference, difference=self.difference
        )


class PerformanceTrend(msgspec.Struct, frozen=True, kw_only=True):
    """How one model has done over its windows by now, by one metric; it is carried from report to report.

    Attributes
    ----------
    model, metric, windows
        Of what it is, and over how many windows.
    mean, weight, spread
        The mean, weighted by what windows know; the sum of the weights (one over the variance); and by how
        much windows differ, as the weighted sum of squares.
    score, sum
        By how many standard errors the present window is worse than those before, and the evidence that adds
        up.
    run, behind
        In how many windows it has been adding up, and by how much the metric was behind in these.
    """

    model: str
    metric: str
    windows: int = 0
    mean: float = 0.0
    weight: float = 0.0
    spread: float = 0.0
    score: float = 0.0
    sum: float = 0.0
    run: int = 0
    behind: float = 0.0
