"""Evaluate a model on its holdout."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from meguru.errors import InvalidInput
from meguru.flavors.base import Predictor
from meguru.flavors.measures import (
    Measure,
    MetricOptions,
    SliceMeasures,
    measure_all,
    requested_metrics,
    written_down,
)
from meguru.flavors.project_metric import ProjectMetric
from meguru.flavors.scoring import SLICE, HoldoutColumns, score_frame, slice_values
from meguru.metrics import Metric, ScoredRows, metric_of
from meguru.tasks import Task, TaskOptions, plain

if TYPE_CHECKING:
    import polars as pl

    from meguru.flavors.model import Model


MAX_SLICES = 50
"""Of each column; the largest."""


class Evaluation(msgspec.Struct, frozen=True, kw_only=True):
    """What is known about a model's quality.

    `metrics` holds the author's numbers and those measured on the holdout by the task's metrics and those
    asked for; a measured one takes the place of a claimed one. What is not finite is left out. `measures`
    holds the measured ones with their intervals, and `slices` those of parts of the holdout. `asked` are the
    metrics that the author asked for; `columns` says what the holdout's columns are.
    """

    task: TaskOptions
    label: str = ""
    rows: int = 0
    positives: int | None = None
    metrics: dict[str, float] = {}
    params: dict[str, Any] = {}
    measures: list[Measure] = []
    slices: list[SliceMeasures] = []
    asked: list[MetricOptions] = []
    columns: HoldoutColumns = HoldoutColumns()

    @property
    def holdout_columns(self) -> HoldoutColumns:
        """What the holdout's columns are; of a model of old only the label is known."""
        return self.columns if self.columns.label else HoldoutColumns(label=self.label)

    def measure(self, metric: str) -> Measure | None:
        """Return what a metric said of the whole holdout; None when it was not measured."""
        return next((each for each in self.measures if each.metric == metric), None)


def evaluate(
    predictor: Predictor, holdout: pl.DataFrame | None, model: Model
) -> tuple[Evaluation, ScoredRows | None]:
    """Score the holdout and put the numbers beside those the author gave; return its rows with the answers.

    Raises
    ------
    InvalidInput
        When a metric is not a number, a parameter is not JSON, the label does not fit the task, or a metric
        that was asked for can't be measured.
    """
    task = predictor.task
    given = {name: _number(name, value) for name, value in model.metrics.items()}
    metrics = requested_metrics(model.measures, task.key)
    known = Evaluation(
        task=plain(task),
        label=model.label,
        metrics=given,
        params=_jsonable(model.params),
        asked=[written_down(metric) for metric in metrics if not isinstance(metric, ProjectMetric)],
    )
    if holdout is None:
        return known, None
    known = msgspec.structs.replace(known, rows=holdout.height, columns=columns_of(model))
    if task.key == "generic":
        return known, None
    reads = {name for metric in _metrics(task, metrics) for name in metric.columns}
    # Once for all metrics and slices: an answer may take long.
    answer = task.answer(predictor.predict(holdout), holdout.height)
    rows = score_frame(task, answer, holdout, known.columns, reads)
    return _measured(known, task, rows, holdout, metrics), rows


def columns_of(model: Model) -> HoldoutColumns:
    """Return what the columns of a model's holdout are."""
    return HoldoutColumns(
        label=model.label, weight=model.weight, block=model.block, slices=tuple(model.slices)
    )


def _metrics(task: Task, metrics: list[Metric]) -> list[Metric]:
    """Return the metrics of the task, and those that were asked for; each once."""
    return list({each.name: each for each in (*map(metric_of, task.metrics), *metrics)}.values())


def _measured(
    known: Evaluation, task: Task, rows: ScoredRows, holdout: pl.DataFrame, asked: list[Metric]
) -> Evaluation:
    metrics = _metrics(task, asked)
    unit = getattr(task, "unit", "")
    measures = measure_all(metrics, rows, unit)
    _check_asked(asked, measures, rows)
    shown = known.metrics | {measure.metric: measure.value for measure in measures}
    if task.key == "binary" and len(rows):
        shown["label_rate"] = float(rows.mean(rows.truth))
    return msgspec.structs.replace(
        known,
        positives=int(np.count_nonzero(rows.positive)) if task.key == "binary" else None,
        # JSON has no NaN, and a gate would compare with it in vain.
        metrics={name: value for name, value in shown.items() if math.isfinite(value)},
        measures=measures,
        slices=_slices(metrics, rows, holdout, known.columns, unit),
    )


def _check_asked(metrics: list[Metric], found: list[Measure], rows: ScoredRows) -> None:
    """Refuse a metric that was asked for and can't be measured; one that rows don't tell is only left out."""
    for metric in metrics:
        if metric.missing(rows):
            raise InvalidInput(metric.missing(rows), field="measures")
        if len(rows) and metric.name not in {measure.metric for measure in found}:
            metric.value(rows)  # raises with the reason, or there is no value


def _slices(
    metrics: list[Metric], rows: ScoredRows, holdout: pl.DataFrame, columns: HoldoutColumns, unit: str
) -> list[SliceMeasures]:
    found = []
    for name in columns.slices:
        codes = rows.columns[SLICE + name]
        for number, value, _ in slice_values(holdout, name)[:MAX_SLICES]:
            part = rows.take(codes == number)
            measures = measure_all(metrics, part, unit)
            found.append(SliceMeasures(column=name, value=value, rows=len(part), measures=measures))
    return found


def _number(name: str, value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        why = repr(value)[:80]
        raise InvalidInput(f"the metric {name!r} is not a number", field=f"metrics.{name}", why=why) from None


def _jsonable(params: dict[str, Any]) -> dict[str, Any]:
    try:
        return dict(msgspec.json.decode(msgspec.json.encode(params, enc_hook=_plain)))
    except (TypeError, msgspec.MsgspecError) as error:
        raise InvalidInput("a parameter of the model is not JSON", field="params", why=str(error)) from error


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"{type(value).__name__} {value!r} has no JSON form")
