"""How well each model of a window did on the rows whose outcome is known, by the metrics of its task."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from meguru.errors import InvalidInput
from meguru.flavors.scoring import SLICE, slice_values
from meguru.metrics import Method, Metric, ScoredRows, metric_of
from meguru.monitoring.base import Baseline
from meguru.monitoring.measured import AUC, Estimate, MeasuredMetric, ModelPerformance, Role, SliceEstimate
from meguru.monitoring.model_outputs import output_columns, rows_with_outcomes, scored, shadow_models
from meguru.monitoring.scores import SCORES, known_scores, measure_scores, score_difference
from meguru.predictions.types import MODEL_COLUMN, SCORE_COLUMN, SHADOW_PREFIX
from meguru.stats import Interval
from meguru.tasks import Task, task_of

if TYPE_CHECKING:
    import polars as pl

MAX_SLICES = 20
"""Of each column; the largest."""
HOLDOUT = "holdout_"
"""Before the name of a metric that an author gave of a holdout of theirs."""


class RequestedMetric(msgspec.Struct, frozen=True, kw_only=True):
    """A metric that a monitor judges by, and the columns by whose values it is measured too.

    What nobody judges by is measured only where its interval has a formula: the bootstrap takes its time.
    One that is wanted `beside` them does not become the metric by which models are compared.
    """

    metric: Metric | None = None
    """None: the first of the task."""
    slices: tuple[str, ...] = ()
    method: Method = "auto"
    beside: bool = False


def measure(
    frame: pl.DataFrame,
    live: str,
    baselines: Mapping[str, Baseline],
    metrics: Sequence[RequestedMetric] = (),
) -> tuple[ModelPerformance, ...]:
    """Measure every model of a window: the live one, those it followed, and its shadows, in this order.

    Parameters
    ----------
    frame
        As `predictions.window.frame` gives it.
    live
        The live model.
    baselines
        By model, for its task and what metrics said of its holdout.
    metrics
        What is measured beside the metrics of the task, and first.
    """
    if not live:
        return ()
    measuring = _Measuring(frame, live, baselines, metrics)
    answered = [live, *sorted(set(frame[MODEL_COLUMN].unique()) - {live})]
    performances = [
        measuring.answered(model, Role.LIVE if model == live else Role.FORMER) for model in answered
    ]
    return (*performances, *(measuring.shadow(model) for model in shadow_models(frame.columns)))


class _Measuring:
    def __init__(
        self,
        frame: pl.DataFrame,
        live: str,
        baselines: Mapping[str, Baseline],
        asked: Sequence[RequestedMetric],
    ) -> None:
        self.frame, self.live, self.baselines, self.asked = frame, live, baselines, asked

    def task(self, model: str) -> Task:
        baseline = self.baselines.get(model)
        return (baseline and baseline.task) or task_of("binary")

    def answered(self, model: str, role: Role) -> ModelPerformance:
        rows = self.frame.filter(self.frame[MODEL_COLUMN] == model)
        return self._measured(rows, model, role, output_columns(self.task(model)))

    def shadow(self, model: str) -> ModelPerformance:
        task = self.task(model)
        columns = output_columns(task, model)
        there = [each for each in columns.values() if each in self.frame.columns]
        rows = self.frame.drop_nulls(there) if there else self.frame.clear()
        performance = self._measured(rows, model, Role.SHADOW, columns)
        mine = rows.filter(rows[MODEL_COLUMN] == self.live)
        return self._with_differences(performance, mine, columns)

    def _measured(
        self, rows: pl.DataFrame, model: str, role: Role, columns: Mapping[str, str]
    ) -> ModelPerformance:
        task, baseline = self.task(model), self.baselines.get(model)
        holdout = baseline.metrics if baseline else {}
        known = rows_with_outcomes(rows, columns)
        made = ModelPerformance(model=model, role=role, rows=rows.height, outcomes=known.height)
        if task.key in SCORES:
            truth, (scores,) = known_scores(known, columns["score"])
            auc, brier = measure_scores(truth, scores)
            made = msgspec.structs.replace(
                made, outcomes=truth.size, auc=auc, brier=brier, reference=holdout_value(holdout, AUC)
            )
        wanted = self._metrics(task)
        slices = dict.fromkeys(name for _, each in wanted for name in each.slices if name in known.columns)
        read = scored(task, known, columns, tuple(slices))
        metrics = [
            _one(metric, each, task, known, read, made, holdout_value(holdout, metric.name))
            for metric, each in wanted
        ]
        return msgspec.structs.replace(
            made, metrics=[measured_metric for measured_metric in metrics if measured_metric is not None]
        )

    def _metrics(self, task: Task) -> list[tuple[Metric, RequestedMetric]]:
        return wanted_metrics(task, self.asked)

    def _with_differences(
        self, shadow: ModelPerformance, rows: pl.DataFrame, columns: Mapping[str, str]
    ) -> ModelPerformance:
        task, other = self.task(self.live), self.task(shadow.model)
        if task.key in SCORES and other.key in SCORES:
            truth, pair = known_scores(rows, SCORE_COLUMN, SHADOW_PREFIX + shadow.model)
            shadow = msgspec.structs.replace(shadow, difference=score_difference(truth, *pair))
        if task != other:
            return shadow  # of other classes or levels: there is nothing to pair
        mine = output_columns(task)
        both = rows_with_outcomes(rows, mine, columns)
        first, second = scored(task, both, mine), scored(other, both, columns)
        judged = {metric.name: metric for metric, each in self._metrics(task) if each.method == "auto"}
        judged.setdefault(AUC, metric_of(AUC))
        return msgspec.structs.replace(
            shadow,
            metrics=[
                msgspec.structs.replace(
                    measured_metric,
                    difference=_difference(judged[measured_metric.metric], first, second, shadow),
                )
                if measured_metric.metric in judged
                else measured_metric
                for measured_metric in shadow.metrics
            ],
        )


def wanted_metrics(task: Task, metrics: Sequence[RequestedMetric]) -> list[tuple[Metric, RequestedMetric]]:
    """Return what is measured of a model: what is asked for, then what its task names; each once."""
    own = [metric_of(name) for name in task.metrics]
    found: dict[str, tuple[Metric, RequestedMetric]] = {}
    first = [requested_metric for requested_metric in metrics if not requested_metric.beside]
    for each in first or [RequestedMetric()] * bool(own):
        metric = each.metric or (own[0] if own else None)
        if metric is not None and task.key in metric.tasks:
            found.setdefault(metric.name, (metric, each))
    for metric in own:
        found.setdefault(metric.name, (metric, RequestedMetric(method="analytic")))
    for each in metrics:
        if each.metric is not None and task.key in each.metric.tasks:
            found.setdefault(each.metric.name, (each.metric, each))
    return list(found.values())


def _one(
    metric: Metric,
    requested_metric: RequestedMetric,
    task: Task,
    known: pl.DataFrame,
    rows: ScoredRows | None,
    made: ModelPerformance,
    reference: float | None,
) -> MeasuredMetric | None:
    slices = [name for name in requested_metric.slices if name in known.columns]
    if rows is None and task.key not in SCORES:
        return None
    if metric.name == AUC and task.key in SCORES:
        found = made.auc
    else:
        found = None if rows is None else _estimated(metric, rows, requested_metric.method)
    by_value = [] if rows is None else _slices(metric, rows, known, slices)
    return measured(metric, task, found, reference, by_value)


def measured(
    metric: Metric,
    task: Task,
    found: Estimate | None,
    reference: float | None,
    slices: Sequence[SliceEstimate] = (),
) -> MeasuredMetric:
    """Put what a metric says of a model of a task together."""
    return MeasuredMetric(
        metric=metric.name,
        direction=metric.direction,
        unit=getattr(task, "unit", "") if metric.unit == "as the label" else metric.unit,
        bounded=metric.high - metric.low <= 1,
        estimate=found,
        reference=reference,
        slices=list(slices),
    )


def _slices(
    metric: Metric, rows: ScoredRows, frame: pl.DataFrame, names: Sequence[str]
) -> list[SliceEstimate]:
    found = []
    for name in names:
        for number, value, _ in slice_values(frame, name)[:MAX_SLICES]:
            part = rows.take(rows.columns[SLICE + name] == number)
            if (whole := _estimated(metric, part)) is not None:
                found.append(SliceEstimate(column=name, value=str(value), estimate=whole))
    return found


def _estimated(metric: Metric, rows: ScoredRows, method: Method = "auto") -> Estimate | None:
    try:
        nothing = metric.missing(rows) or not len(rows)
        return None if nothing else estimate(metric.interval(rows, method=method))
    except InvalidInput:  # scores that are no probabilities, outcomes that are no classes
        return None


def _difference(
    metric: Metric, live: ScoredRows | None, other: ScoredRows | None, shadow: ModelPerformance
) -> Estimate | None:
    if metric.name == AUC and shadow.difference is not None:
        return shadow.difference
    if live is None or other is None or len(live) != len(other) or not len(live):
        return None
    try:
        return None if metric.missing(live) else estimate(metric.difference(live, other))
    except InvalidInput:
        return None


def estimate(found: Interval) -> Estimate | None:
    """Return a number with its interval; None when the rows don't tell them."""
    if not all(map(math.isfinite, (found.estimate, found.low, found.high))):
        return None
    return Estimate(
        value=found.estimate,
        low=found.low,
        high=found.high,
        level=found.level,
        method=found.method,
        n=found.n,
    )


def holdout_value(metrics: Mapping[str, float], name: str) -> float | None:
    """Return what a metric said of the model's holdout; None when nobody measured it."""
    value = metrics.get(name, metrics.get(HOLDOUT + name))
    return None if value is None or not np.isfinite(value) else float(value)
