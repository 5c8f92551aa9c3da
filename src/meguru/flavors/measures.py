"""Metric values with intervals, as they are stored beside a model."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec

from meguru.errors import InvalidInput
from meguru.flavors.project_metric import ProjectMetric
from meguru.metrics import Metric, metric_of

if TYPE_CHECKING:
    from meguru.metrics import ScoredRows
    from meguru.stats.intervals import Interval

Asked: TypeAlias = "str | dict[str, Any] | Metric | Callable[..., Any]"
"""A metric, how it is written down, or a plain function of the project."""
MetricOptions = str | dict[str, Any]
"""A metric as it is written down: its name, or an object that has its key under ``metric``."""


class Measure(msgspec.Struct, frozen=True, kw_only=True):
    """A metric's value with its interval.

    Attributes
    ----------
    metric
        Its name.
    value, low, high
        The value, and the bounds that hold the truth with probability `level`; None where they are not known.
    method
        How the interval was found.
    n
        How many rows had an answer and a truth.
    unit, direction
        As the metric says; ``as the label`` is put into the task's unit where it has one.
    """

    metric: str
    value: float
    low: float | None = None
    high: float | None = None
    level: float = 0.95
    method: str = ""
    n: int = 0
    unit: str = ""
    direction: str = "higher"


class SliceMeasures(msgspec.Struct, frozen=True, kw_only=True):
    """What metrics say of the rows with one value of a column."""

    column: str
    value: Any
    rows: int
    measures: list[Measure]


def measured(metric: Metric, found: Interval, unit: str = "") -> Measure:
    """Write down what a metric found; `unit` is that of the label."""
    low, high = (each if math.isfinite(each) else None for each in (found.low, found.high))
    return Measure(
        metric=metric.name,
        value=found.estimate,
        low=low,
        high=high,
        level=found.level,
        method=found.method,
        n=found.n,
        unit=unit if unit and metric.unit == "as the label" else metric.unit,
        direction=metric.direction,
    )


def measure_all(metrics: Sequence[Metric], rows: ScoredRows, unit: str = "") -> list[Measure]:
    """Measure rows by the metrics that tell something of them."""
    found = []
    for metric in metrics:
        try:
            interval = None if metric.missing(rows) else metric.interval(rows, method="analytic")
        except InvalidInput:  # scores that are no probabilities, a series that never changed
            continue
        if interval is not None and math.isfinite(interval.estimate):
            found.append(measured(metric, replace(interval, estimate=metric.value(rows)), unit))
    return found


def requested_metrics(asked: Sequence[Asked], task: str) -> list[Metric]:
    """Return the metrics that a model's author asks for.

    Raises
    ------
    NotFound, InvalidInput
        When one is unknown, has senseless options, or can't measure such a task.
    """
    metrics: list[Metric] = [ProjectMetric.of(each) if callable(each) else metric_of(each) for each in asked]
    for metric in metrics:
        if task not in metric.tasks:
            raise InvalidInput(
                f"{metric.name} does not measure a {task} model",
                field="measures",
                why=f"it is for {', '.join(sorted(metric.tasks))}",
            )
    return metrics


def written_down(metric: Metric) -> MetricOptions:
    """Return a metric's name, or its options when the name does not tell them."""
    options: Mapping[str, Any] = msgspec.to_builtins(metric)
    named = {metric.parameter} if metric.parameter else set()
    said = {name: value for name, value in options.items() if value not in (None, "", [], ())}
    return metric.name if set(said) <= named else {"metric": metric.key} | said
