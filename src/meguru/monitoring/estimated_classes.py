"""Confidence-based estimates of accuracy and log loss of a multiclass model, before outcomes are known."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from meguru.monitoring.base import Baseline
from meguru.monitoring.measured import Estimate, ModelPerformance
from meguru.stats.arrays import Floats
from meguru.stats.estimates import Calibration
from meguru.stats.intervals import normal_quantile
from meguru.tasks import output_column
from meguru.tasks.base import names_of

if TYPE_CHECKING:
    import polars as pl

CLASS_METRICS = frozenset({"accuracy", "log_loss"})
"""What is estimated of models of many classes."""
MAX_ROWS, _LEVEL = 20_000, 0.95
_EPSILON = float(np.finfo(np.float64).eps)


def with_expected_classes(
    live: ModelPerformance, rows: pl.DataFrame | None, baseline: Baseline
) -> ModelPerformance:
    """Return how a model of many classes did, with what its confidence makes expect.

    Parameters
    ----------
    live
        How it did on the rows whose outcome is known, if any.
    rows
        Its rows, or some of them.
    baseline
        What became of its holdout by the probability of each class.

    Notes
    -----
    The probability of each class is calibrated against the rest; those of a row are scaled to 1.
    """
    given = _probabilities(rows)
    names = names_of(getattr(baseline.task, "classes", ())) if baseline.task is not None else ()
    if given is None or given.shape[1] != len(names) or not set(names) <= set(baseline.outcomes):
        return live
    if not all(baseline.outcomes[name].both_classes for name in names):
        return live  # a model's files may say anything
    calibrations = [Calibration.of(baseline.outcomes[name]) for name in names]
    chances = np.column_stack([each.at(given[:, place])[0] for place, each in enumerate(calibrations)])
    total = chances.sum(axis=1, keepdims=True)
    chances = np.where(total > 0, chances / np.where(total > 0, total, 1), given)
    held = baseline.outcomes[names[0]].total
    wrong = np.ones_like(given)
    wrong[np.arange(len(given)), given.argmax(axis=1)] = 0
    losses = {"accuracy": 1 - wrong, "log_loss": -np.log(np.clip(given, _EPSILON, 1 - _EPSILON))}
    metrics = [
        msgspec.structs.replace(
            measured_metric, expected=_expected(losses[measured_metric.metric], chances, live.rows, held)
        )
        if measured_metric.metric in losses
        else measured_metric
        for measured_metric in live.metrics
    ]
    return msgspec.structs.replace(live, metrics=metrics)


def _expected(values: Floats, chances: Floats, n: int, held: float) -> Estimate:
    """Return the mean value to be expected, whatever class each row is of; `held` rows tell the chances."""
    means = (chances * values).sum(axis=1)
    within = float(((chances * np.square(values)).sum(axis=1) - np.square(means)).mean())
    # The noise of the window's own outcomes, and that of the calibration, which `held` rows tell.
    variance = max(0.0, within) * (1 / n + 1 / held)
    # Of a sample also the noise of the draw, with the correction for a finite population.
    variance += float(means.var()) / len(means) * max(0.0, 1 - len(means) / n)
    value, half = float(means.mean()), normal_quantile(_LEVEL) * math.sqrt(variance)
    return Estimate(
        value=value, low=max(0.0, value - half), high=value + half, level=_LEVEL, method="cbpe", n=n
    )


def _probabilities(rows: pl.DataFrame | None) -> Floats | None:
    """Return the probabilities of some rows, shape (rows, classes); None where there are none."""
    name = output_column("probabilities")
    if rows is None or name not in rows.columns:
        return None
    column = rows.get_column(name).drop_nulls()
    if not len(column) or not column.dtype.is_nested():
        return None
    some = column[np.linspace(0, len(column) - 1, min(len(column), MAX_ROWS)).astype(np.int64)]
    try:
        found = np.array(some.to_list(), dtype=np.float64)
    except (TypeError, ValueError):
        return None
    return found if found.ndim == 2 and np.isfinite(found).all() else None
