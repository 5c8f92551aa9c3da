"""How well each model of a window did, from the sums of its cells."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import msgspec
import numpy as np

from meguru.errors import InvalidInput
from meguru.metrics import Metric, ScoredRows
from meguru.metrics.influence import InfluenceMetric
from meguru.metrics.sums import AdditiveMetric, interval_of_sums
from meguru.monitoring.base import Baseline
from meguru.monitoring.cells.aggregate import Cells
from meguru.monitoring.cells.rules import term_key
from meguru.monitoring.cells.truth import TruthSums
from meguru.monitoring.cells.truth_by_slice import CLASSES
from meguru.monitoring.cells.types import ANSWERED, COLUMNS, OTHERS, SHADOW, SLICED
from meguru.monitoring.measured import AUC, Estimate, MeasuredMetric, ModelPerformance, Role, SliceEstimate
from meguru.monitoring.performance import (
    MAX_SLICES,
    RequestedMetric,
    estimate,
    holdout_value,
    measured,
    wanted_metrics,
)
from meguru.monitoring.scores import SCORES
from meguru.stats.estimates import ScoreOutcomes
from meguru.tasks import Task, task_of
from meguru.tasks.base import SCORE, names_of


def measure_cells(
    cells: Cells, live: str, baselines: Mapping[str, Baseline], metrics: Sequence[RequestedMetric]
) -> tuple[ModelPerformance, ...]:
    """Measure every model of a window, the live one first, then those it followed, then shadows.

    What sums don't tell has no estimate, and nobody is compared in pairs: see `window.add_sampled`.
    """
    former = sorted({key.model for key in cells if key.part == COLUMNS} - {live})
    roles = [(live, Role.LIVE), *((each, Role.FORMER) for each in former)]
    roles += [(each, Role.SHADOW) for each in sorted(key.model for key in cells if key.part == SHADOW)]
    return tuple(
        _measured(cells, model, role, baselines.get(model), metrics) for model, role in roles if live
    )


def _measured(
    cells: Cells, model: str, role: Role, baseline: Baseline | None, asked: Sequence[RequestedMetric]
) -> ModelPerformance:
    task = (baseline and baseline.task) or task_of("binary")
    holdout = baseline.metrics if baseline else {}
    part = SHADOW if role is Role.SHADOW else ANSWERED
    parts = {key.part: cell.truth for key, cell in cells.items() if key.model == model}
    sums = parts.get(part, TruthSums())
    made = ModelPerformance(model=model, role=role, rows=sums.rows, outcomes=sums.outcomes)
    rows = alike(task, sums)
    found = [
        measured(
            metric,
            task,
            estimated(metric, rows, sums),
            holdout_value(holdout, metric.name),
            list(_slices(metric, task, each.slices, parts, part)),
        )
        for metric, each in wanted_metrics(task, asked)
        if sums.outcomes or task.key in SCORES
    ]
    if task.key in SCORES:
        by_name: dict[str, MeasuredMetric] = {
            measured_metric.metric: measured_metric for measured_metric in found
        }
        area, brier = by_name.get(AUC), sums.terms.get("brier")
        two = area is not None and area.estimate is not None
        made = msgspec.structs.replace(
            made,
            auc=area.estimate if area else None,
            brier=float(brier.total[0] / brier.n) if brier and two and brier.n == sums.outcomes else None,
            reference=holdout_value(holdout, AUC),
        )
    return msgspec.structs.replace(made, metrics=found)


def estimated(metric: Metric, rows: ScoredRows | None, sums: TruthSums) -> Estimate | None:
    """Return a metric with its interval; None where sums don't tell it."""
    term_sums = sums.terms.get(term_key(metric))
    try:
        if term_sums is not None and isinstance(metric, AdditiveMetric):
            with np.errstate(all="ignore"):
                return estimate(interval_of_sums(metric, term_sums.n, term_sums.total, term_sums.products))
        if rows is not None and isinstance(metric, InfluenceMetric) and not metric.missing(rows):
            return estimate(metric.interval_of_counts(rows))
    except InvalidInput:  # scores that are no probabilities
        return None
    return None


def is_counted(metric: Metric, task: Task) -> bool:
    """Tell whether sums tell a metric of a task, if anything does."""
    if metric.columns or not isinstance(metric, InfluenceMetric):
        return False
    if task.key in SCORES or isinstance(metric, AdditiveMetric):
        return True
    classes = names_of(getattr(task, "classes", ()))
    if task.key != "multiclass" or len(classes) < 2:
        return False
    one = np.zeros(1)
    decided = ScoredRows(truth=one, answer={"label": one.astype(np.int64)}, classes=classes)
    return not metric.missing(decided)


def alike(task: Task, sums: TruthSums) -> ScoredRows | None:
    """Return a row for all that are alike, whose weight says how many: None where a task has no such."""
    if not sums.keys.size:
        return None
    weight = sums.counts.astype(np.float64)
    if task.key in SCORES:
        truth = sums.keys % CLASSES
        if (truth == CLASSES - 1).any():
            return None
        read = task.readings({SCORE.name: sums.scores / weight})
        return ScoredRows(truth=truth.astype(np.float64), weight=weight, **read)
    names = names_of(getattr(task, "classes", ()))
    known = len(names) + 1
    return ScoredRows(
        truth=(sums.keys // known - 1).astype(np.float64),
        answer={"label": sums.keys % known},
        classes=names,
        weight=weight,
    )


def known_by_score(task: Task, sums: TruthSums) -> ScoreOutcomes | None:
    """Return what became of rows by score; None of a task whose answers are no score of two classes."""
    if task.key not in SCORES or (rows := alike(task, sums)) is None or rows.weight is None:
        return None
    places = sums.keys // CLASSES
    starts = np.flatnonzero(np.diff(places, prepend=-1))
    count = np.add.reduceat(rows.weight, starts)
    scores = np.add.reduceat(sums.scores, starts) / count
    return ScoreOutcomes(scores, count, np.add.reduceat(rows.weight * rows.positive, starts))


def _slices(
    metric: Metric, task: Task, names: Sequence[str], parts: Mapping[str, TruthSums], role: str
) -> Iterator[SliceEstimate]:
    """Give a metric by value of some columns, the commonest values of each."""
    for name in names:
        start = f"{role}{SLICED}{name}="
        values = {part.removeprefix(start): sums for part, sums in parts.items() if part.startswith(start)}
        values.pop(OTHERS, None)
        often = sorted(values.items(), key=lambda pair: (-pair[1].outcomes, pair[0]))
        for value, sums in often[:MAX_SLICES]:
            if (found := estimated(metric, alike(task, sums), sums)) is not None:
                yield SliceEstimate(column=name, value=value, estimate=found)
