"""A large window as checks see it: from cells, whatever the number of its rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import Connection, select

from meguru.monitoring.base import Baseline
from meguru.monitoring.cells.aggregate import Cells
from meguru.monitoring.cells.layout import BinLayout
from meguru.monitoring.cells.measure import is_counted, known_by_score, measure_cells
from meguru.monitoring.cells.types import ANSWERED, COLUMNS, Cell
from meguru.monitoring.estimated_classes import with_expected_classes
from meguru.monitoring.estimated_metrics import with_expected_losses
from meguru.monitoring.measured import Estimate, MeasuredMetric, ModelPerformance, Role
from meguru.monitoring.performance import RequestedMetric, measure, wanted_metrics
from meguru.monitoring.window import (
    ComparedColumn,
    ComparedTimes,
    MonitoredWindow,
    compared_column,
    time_fault,
    with_score_analysis,
)
from meguru.predictions.schema import prediction_batch
from meguru.predictions.types import MODEL_COLUMN
from meguru.stats.profile import TimeProfile
from meguru.tasks import task_of

if TYPE_CHECKING:
    import polars as pl


def models_of(cells: Cells) -> dict[str, Cell]:
    """Return the columns' cell of each model that answered, by name."""
    return {key.model: cell for key, cell in sorted(cells.items()) if key.part == COLUMNS}


def live_of(tx: Connection, endpoint: str, models: Mapping[str, Cell]) -> str:
    """Return the model that answered the last row; empty when there is none."""
    # Of two models whose last rows have the same time, the record tells which request came later.
    last = max((cell.last for cell in models.values() if cell.last), default=None)
    found = [model for model, cell in models.items() if cell.last == last]
    if len(found) < 2:
        return "".join(found)
    table = prediction_batch.c
    query = select(table.model_ref).where(table.endpoint == endpoint, table.last_time == last)
    newest = tx.execute(query.order_by(table.first_time.desc(), table.id.desc()).limit(1)).scalar()
    return str(newest) if newest in found else found[-1]


def compared_counts(layout: BinLayout, cell: Cell) -> tuple[tuple[ComparedColumn, ...], dict[str, str]]:
    """Compare counts with their baseline, and say which can't be; see `window.compared_columns`."""
    compared, broken = [], {}
    if not cell.counts.size:
        return (), {}
    for segment, now, odd, there in layout.read(cell.counts):
        then = segment.profile
        if isinstance(then, TimeProfile):
            continue
        if odd:
            expected = "numeric" if then.to_dict()["kind"] == "numeric" else "categorical"
            other = "text" if expected == "numeric" else "numeric"
            broken[segment.name] = f"{expected} became {other} in {odd:,} rows"
        elif not there:
            broken[segment.name] = "it is missing"
        elif not now.count and then.count:
            broken[segment.name] = "it has no value at all"
        else:
            compared.append(compared_column(segment.name, then, now))
    return tuple(compared), broken


def counted_times(layout: BinLayout, cell: Cell) -> tuple[tuple[ComparedTimes, ...], dict[str, str]]:
    """Tell what is missing of dates and times, and which columns hold none; see `window.compared_times`."""
    compared, broken = [], {}
    for segment, now, odd, there in layout.read(cell.counts) if cell.counts.size else ():
        if not isinstance(segment.profile, TimeProfile):
            continue
        times = ComparedTimes(name=segment.name, profile=segment.profile, nulls=now.nulls, rows=cell.rows)
        if why := time_fault(times, odd) if there else "it is missing":
            broken[segment.name] = why
        else:
            compared.append(times)
    return tuple(compared), broken


def compare_cells(
    cells: Cells,
    live: str,
    baselines: Mapping[str, Baseline],
    layout: BinLayout,
    min_rows: int,
    metrics: Sequence[RequestedMetric],
    span: tuple[datetime, datetime],
) -> MonitoredWindow:
    """Compare a window's cells with the baselines of its models; as `window.compare` does with its rows.

    `frame` is None, and metrics that sums don't tell have no estimate: see `add_sampled`.
    """
    models = models_of(cells)
    columns, broken = compared_counts(layout, models.get(live, Cell()))
    times, broken_times = counted_times(layout, models.get(live, Cell()))
    baseline = baselines.get(live) or Baseline(model=live)
    window = MonitoredWindow(
        model=live,
        rows=sum(each.rows for each in models.values()),
        outcomes=sum(each.outcomes for each in models.values()),
        min_rows=min_rows,
        columns=columns,
        broken=broken | broken_times,
        times=times,
        performance=measure_cells(cells, live, baselines, metrics),
        start=span[0],
        end=span[1],
        baseline=baseline,
        newest=max((each.last for each in models.values() if each.last), default=None),
    )
    answered = [cell.truth for key, cell in cells.items() if key.model == live and key.part == ANSWERED]
    task = baseline.task or task_of("binary")
    return with_score_analysis(window, known_by_score(task, answered[0]) if answered else None)


def needs_sample(
    window: MonitoredWindow, baselines: Mapping[str, Baseline], metrics: Sequence[RequestedMetric]
) -> bool:
    """Tell whether there is something that counts don't tell and rows might."""
    for performance in window.performance:
        task = (baselines[performance.model].task if performance.model in baselines else None) or task_of(
            "binary"
        )
        untold = any(not is_counted(metric, task) for metric, _ in wanted_metrics(task, metrics))
        if performance.outcomes and (untold or performance.role is Role.SHADOW):
            return True
    return False


def add_sampled(
    window: MonitoredWindow,
    frame: pl.DataFrame,
    baselines: Mapping[str, Baseline],
    metrics: Sequence[RequestedMetric],
) -> MonitoredWindow:
    """Measure on a sample what counts don't tell, and say so; the sample is the window's `frame`."""
    rest = measure(frame, window.model, baselines, metrics)
    by_role = {(performance.role, performance.model): performance for performance in rest}
    performances = [
        _completed(performance, by_role[performance.role, performance.model], frame.height)
        if (performance.role, performance.model) in by_role
        else performance
        for performance in window.performance
    ]
    mine = frame.filter(frame[MODEL_COLUMN] == window.model)
    drawn = frame.height if frame.height < window.rows else 0
    baseline = window.baseline or Baseline(model=window.model)
    if performances:
        live = with_expected_losses(performances[0], mine, baseline)
        performances[0] = with_expected_classes(live, mine, baseline)
    return replace(window, performance=tuple(performances), frame=mine, sampled=drawn)


def _completed(counted: ModelPerformance, sampled: ModelPerformance, rows: int) -> ModelPerformance:
    metrics = []
    for measured_metric in counted.metrics:
        other = sampled.measured(measured_metric.metric)
        if other is None:
            metrics.append(measured_metric)
            continue
        filled: MeasuredMetric = msgspec.structs.replace(
            measured_metric, difference=_said(other.difference, rows)
        )
        if measured_metric.estimate is None:
            by_value = [
                msgspec.structs.replace(slice_estimate, estimate=_of(slice_estimate.estimate, rows))
                for slice_estimate in other.slices
            ]
            filled = msgspec.structs.replace(filled, estimate=_said(other.estimate, rows), slices=by_value)
        metrics.append(filled)
    return msgspec.structs.replace(
        counted, metrics=metrics, difference=_said(sampled.difference, rows), brier=counted.brier
    )


def _said(found: Estimate | None, rows: int) -> Estimate | None:
    return None if found is None else _of(found, rows)


def _of(found: Estimate, rows: int) -> Estimate:
    return msgspec.structs.replace(found, method=f"{found.method}, of a sample of {rows:,} rows")
